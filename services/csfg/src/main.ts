import { runMain } from '@stella/platform-process';
import { csfgProcess } from './csfg.process.js';

await runMain(csfgProcess);
