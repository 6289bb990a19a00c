import { runMain } from '@stella/platform-process';
import { fbpeProcess } from './fbpe.process.js';

await runMain(fbpeProcess);
