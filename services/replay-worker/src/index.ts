export { replayWorkerService, type ReplayWorkerOptions } from './replay-worker.module.js';
