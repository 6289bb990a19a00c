import { runMain } from '@stella/platform-process';
import { frvfProcess } from './frvf.process.js';

await runMain(frvfProcess);
