import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { FakeIssuer } from '@stella/platform-auth/testing';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { createClient } from '@stella/platform-grpc';
import { childTrace, formatTraceparent, withTraceparent } from '@stella/platform-telemetry';
import { findSpan, looseEnds, OtlpReceiver } from '@stella/platform-telemetry/testing';
import { importPKCS8, importSPKI } from 'jose';
import { FakeS3 } from '../../blobs/test/fake-s3.js';

const at = (path: string) => join(import.meta.dirname, path);
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const issuerKey = { privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })), publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })) };
let database: TestDatabase;
let receiver: OtlpReceiver;
let s3: FakeS3;
let folder: string;
const logs: string[] = [];
beforeAll(async () => {
  [database, receiver, s3, folder] = await Promise.all([startTestDatabase(), OtlpReceiver.start(), FakeS3.start(), mkdtemp(join(tmpdir(), 'stella-trace-'))]);
}, 60_000);
afterAll(async () => {
  await Promise.all([database?.stop(), receiver?.stop(), s3?.stop()]);
  await rm(folder, { recursive: true, force: true });
}, 30_000);

async function start(role: 'front' | 'ledger', ledger?: string): Promise<{ child: ChildProcess; address: string }> {
  const plan = { role, administrator: database.administrator, issuerKey, s3: s3.endpoint, folder, ledger };
  const words = ['--conditions=@stella/source', '--import', at('../../database/test/source-loader.mjs'), '--import', at('../../telemetry/src/register.ts'), at('traced-process.ts'), JSON.stringify(plan)];
  const child = spawn(process.execPath, words, { env: { ...process.env, ...receiver.environment(role) }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stderr.setEncoding('utf8').on('data', (text: string) => logs.push(text));
  const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => Promise.reject(new Error(logs.join(''))))])) as [Buffer];
  return { child, address: line.toString().trim() };
}

async function stop({ child }: { child: ChildProcess }): Promise<void> {
  child.stdin?.end();
  await once(child, 'exit');
}

test('one request through two processes, a database, an event and a blob store is one trace without loose ends', async () => {
  const ledger = await start('ledger');
  const front = await start('front', ledger.address);
  const issuer = await FakeIssuer.create({ privateKey: await importPKCS8(issuerKey.privateKey, 'EdDSA'), publicKey: await importSPKI(issuerKey.publicKey, 'EdDSA') });
  const alice = { subject: 'alice', tenant: 'acme', organisation: 'acme.example', roles: ['operator'] } as const;
  const client = createClient(StackGraphServiceService, { address: front.address, tokens: { authorization: () => issuer.authorization(alice) } });
  const caller = childTrace();
  await withTraceparent(formatTraceparent(caller), () => client.getStack({ name: `stacks/${'a'.repeat(64)}` }));
  client.close();
  await stop(front);
  await stop(ledger);

  const spans = receiver.trace(caller.traceId);
  const call = findSpan(spans, { service: 'front', kind: 'server', name: /StackGraphService\/GetStack/i });
  const onward = findSpan(spans, { service: 'front', kind: 'client', name: /StackGraphService\/GetStack/i, below: call });
  const handled = findSpan(spans, { service: 'ledger', kind: 'server', name: /StackGraphService\/GetStack/i, below: onward });
  findSpan(spans, { service: 'ledger', kind: 'client', name: /^pg\.query:INSERT/, below: handled });
  const made = findSpan(spans, { service: 'ledger', kind: 'producer', name: 'create stella.ledger.booked.v1alpha', below: handled });
  const topic = { 'messaging.destination.name': 'stella.ledger.booked.v1alpha' };
  const processed = findSpan(spans, { kind: 'consumer', below: made, attributes: { ...topic, 'messaging.operation.type': 'process', 'messaging.consumer.group.name': 'archive' } });
  expect(processed.attributes['messaging.message.id']).toBe(made.attributes['messaging.message.id']);
  const put = findSpan(spans, { kind: 'client', name: 'S3.PutObject', below: processed, attributes: { 'rpc.system': 'aws-api', 'aws.s3.bucket': 'evidence' } });
  findSpan(spans, { kind: 'client', name: 'PUT', below: put });
  expect(looseEnds(spans)).toEqual([call]);

  const records = logs.join('').split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { msg: string; service: string; traceId?: string });
  expect(records.find(({ msg }) => msg === 'archiving')).toMatchObject({ service: 'archive', traceId: caller.traceId });
}, 180_000);
