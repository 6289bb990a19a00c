// One call and one page of the ledger, with OpenTelemetry loaded before; its spans go to standard output.
import { shutdownTelemetry } from '@stella/platform-telemetry/register';
import { StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { startTestRuntime } from '../src/testing.js';
import { ledgerServices } from './ledger-services.js';

const system = await startTestRuntime(ledgerServices());
await system.client(StackGraphServiceService).getStack({ name: `stacks/${'a'.repeat(64)}` });
await fetch(`${system.runtime.httpAddress}/livez`);
await system.settle();
await system.stop();
await shutdownTelemetry();
process.exit(0);
