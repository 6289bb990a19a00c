// Runs the ledger on the suite's database under load, tells of every answered booking, and waits to be killed.
import { writeSync } from 'node:fs';
import { StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { startTestRuntime } from '../src/testing.js';
import { ledgerServices } from './ledger-services.js';

const [administrator = '{}', round = '0'] = process.argv.slice(2);
const neverUsed = () => Promise.reject(new Error('the suite owns the database'));
const system = await startTestRuntime(ledgerServices(), { database: { administrator: JSON.parse(administrator), service: neverUsed, stop: neverUsed } });
const ledger = system.client(StackGraphServiceService);

async function book(lane: number): Promise<never> {
  for (let n = 0; ; n++) {
    const name = `stacks/${`${round}${lane}${n}`.padStart(64, '0')}`;
    await ledger.getStack({ name });
    writeSync(1, `${name}\n`);
  }
}
await Promise.all([1, 2, 3, 4].map(book));
