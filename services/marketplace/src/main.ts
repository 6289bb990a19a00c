import { runMain } from '@stella/platform-process';
import { marketplaceProcess } from './marketplace.process.js';

await runMain(marketplaceProcess);
