import { runMain } from '@stella/platform-process';
import { gateProcess } from './gate.process.js';

await runMain(gateProcess);
