#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { compileCacheFolder } from './compile-cache-folder.js';

const folder = compileCacheFolder(process.env);
if (folder !== undefined) enableCompileCache(folder);
// What is imported before the cache is enabled is compiled anew each time.
await import('./main.js');
