// A consumer's span in the trace that is given, with another one in it.
import { shutdownTelemetry } from '@stella/platform-telemetry/register';
import { span, withTraceparent } from '@stella/platform-telemetry';

await withTraceparent(process.argv[2], () => span('outer', { 'messaging.system': 'kafka' }, () => span('inner', {}, () => Promise.resolve()), { kind: 'consumer' }));
await shutdownTelemetry();
