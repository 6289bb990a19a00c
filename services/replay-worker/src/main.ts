import { runMain } from '@stella/platform-process';
import { replayWorkerProcess } from './replay-worker.process.js';

await runMain(replayWorkerProcess);
