// One runtime of the test's two, with OpenTelemetry loaded before. Prints its address, then waits for its input to end.
import { shutdownTelemetry } from '@stella/platform-telemetry/register';
import { once } from 'node:events';
import { LocalBlobCache, S3BlobStore } from '@stella/platform-blobs';
import { FakeIssuer } from '@stella/platform-auth/testing';
import { createLogger } from '@stella/platform-telemetry';
import { importPKCS8, importSPKI } from 'jose';
import { startTestRuntime } from '../src/testing.js';
import { archivingServices, frontService } from './traced-services.js';

interface Plan {
  readonly role: 'front' | 'ledger';
  readonly administrator: object;
  readonly issuerKey: { readonly privateKey: string; readonly publicKey: string };
  readonly s3: string;
  readonly folder: string;
  readonly ledger?: string;
}

const { role, administrator, issuerKey, s3, folder, ledger = '' } = JSON.parse(process.argv[2] ?? '{}') as Plan;
const neverUsed = () => Promise.reject(new Error('the suite owns the database'));
const issuer = await FakeIssuer.create({ privateKey: await importPKCS8(issuerKey.privateKey, 'EdDSA'), publicKey: await importSPKI(issuerKey.publicKey, 'EdDSA') });
const blobs = await S3BlobStore.open({ endpoint: s3, bucket: 'evidence', accessKey: 'a', secretKey: 's' }, await LocalBlobCache.open(folder));
const system = await startTestRuntime(role === 'front' ? [frontService()] : archivingServices(), {
  database: { administrator, service: neverUsed, stop: neverUsed },
  logger: createLogger({ name: role }),
  issuer,
  blobs,
  ...(role === 'front' ? { addressOf: () => ledger } : {}),
});
process.stdout.write(`${system.runtime.grpcAddress}\n`);
await once(process.stdin.resume(), 'end');
await system.settle();
await system.stop();
await shutdownTelemetry();
process.exit(0);
