import { runMain } from '@stella/platform-process';
import { psdiProcess } from './psdi.process.js';

await runMain(psdiProcess);
