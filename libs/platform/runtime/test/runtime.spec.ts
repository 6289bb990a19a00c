import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ErrorInfo } from '@stella/contracts/google/rpc/error_details';
import { Status } from '@stella/contracts/google/rpc/status';
import { StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { GateServiceService } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { type EventParticipant, InProcessBus } from '@stella/platform-events';
import { createLogger } from '@stella/platform-telemetry';
import { startTestRuntime, type TestRuntime } from '../src/testing.js';
import { listeningService, made, sampleService } from './sample-services.js';

const stackNamed = (last: string) => `stacks/${'a'.repeat(63)}${last}`;
const heard: string[] = [];
let system: TestRuntime;
beforeAll(async () => {
  system = await startTestRuntime([sampleService(), listeningService(heard)]);
});
afterAll(() => system.stop());

/** What an independent client sees: no code of ours but the messages. */
function rawGetStack(name: string, authorization?: string): Promise<{ code: status; reason: string | undefined; text: string; facts: Record<string, string> }> {
  const client = new Client(system.runtime.grpcAddress, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = StackGraphServiceService.getStack;
  const metadata = new Metadata();
  if (authorization) metadata.set('authorization', authorization);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { name }, metadata, { deadline: Date.now() + 5000 }, (error) => {
      client.close();
      if (!error) return reject(new Error('no error'));
      const { code, details } = error as ServiceError;
      const raw = (error as ServiceError).metadata.get('grpc-status-details-bin')[0];
      const info = raw === undefined ? undefined : ErrorInfo.decode(Status.decode(raw as Buffer).details[0]?.value ?? new Uint8Array());
      resolve({ code, reason: info?.reason, text: details, facts: info?.metadata ?? {} });
    });
  });
}
const alice = { subject: 'alice', tenant: 'acme', organisation: 'acme.example', roles: ['contributor'] } as const;

describe('on the wire', () => {
  test('an error carries its code, reason, facts and next step', async () => {
    const authorization = await system.issuer.authorization(alice);
    await expect(rawGetStack(stackNamed('0'), authorization)).resolves.toMatchObject({
      code: status.NOT_FOUND,
      reason: 'BLOB_NOT_FOUND',
      facts: { sha256: stackNamed('0'), next: 'upload it first' },
    });
  });

  test('an unexpected error tells nothing of its inside', async () => {
    const answer = await rawGetStack(stackNamed('1'), await system.issuer.authorization(alice));
    expect(answer).toMatchObject({ code: status.INTERNAL, reason: 'INTERNAL' });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  test('a request that breaks its rules names the field', async () => {
    const answer = await rawGetStack('stacks/x', await system.issuer.authorization(alice));
    expect(answer).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'REQUEST_INVALID', facts: { fields: 'name' } });
  });

  test('nobody is let in without a good token, not even to have a request checked', async () => {
    const expired = await system.issuer.authorization(alice, { expiresInS: -3600 });
    const elsewhere = await system.issuer.authorization(alice, { audience: 'urn:other' });
    for (const authorization of [undefined, 'Bearer x.y.z', expired, elsewhere]) {
      await expect(rawGetStack('stacks/x', authorization)).resolves.toMatchObject({ code: status.UNAUTHENTICATED, reason: 'UNAUTHENTICATED' });
    }
  });
});

describe('the client', () => {
  test('gets errors back as what they were', async () => {
    const stacks = system.client(StackGraphServiceService);
    await expect(stacks.getStack({ name: stackNamed('0') })).rejects.toMatchObject({ reason: 'BLOB_NOT_FOUND', facts: { sha256: stackNamed('0') } });
  });

  test('does not wait past its deadline', async () => {
    const stacks = system.client(StackGraphServiceService);
    await expect(stacks.getStack({ name: stackNamed('2') }, { deadlineMs: 200 })).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  test('may act for another tenant only as a service', async () => {
    const asService = system.client(StackGraphServiceService, { roles: ['service'] });
    await expect(asService.getStack({ name: stackNamed('c') }, { tenant: 'other' })).resolves.toMatchObject({ stack: { incident: 'other' } });
    const asOperator = system.client(StackGraphServiceService, { roles: ['operator'] });
    await expect(asOperator.getStack({ name: stackNamed('c') }, { tenant: 'other' })).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  });

  test('sends a stream, and gets the refusal in its middle', async () => {
    const artifacts = system.client(DeltaIndexServiceService);
    await expect(artifacts.uploadArtifact(upload(1))).resolves.toMatchObject({ artifact: { sizeBytes: 65_536n } });
    await expect(artifacts.uploadArtifact(upload(50))).rejects.toMatchObject({ reason: 'BLOB_TOO_LARGE' });
  });

  test('that stops reading stops the server from making', async () => {
    const gate = system.client(GateServiceService);
    made.pieces = 0;
    let read = 0;
    for await (const _piece of gate.getBundle({ verdict: `verdicts/${'0'.repeat(64)}` })) if (++read === 3) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(made.pieces).toBeLessThan(200);
  });
});

test('an event reaches the other service, which asks back on behalf of its tenant', async () => {
  await system.settle();
  heard.length = 0;
  const stacks = system.client(StackGraphServiceService, { subject: 'carol', tenant: 'umbrella' });
  await stacks.getStack({ name: stackNamed('d') });
  await system.settle();
  expect(heard).toEqual(expect.arrayContaining(['carol of umbrella, asked as umbrella', 'service-listening of umbrella, asked as none']));
  expect(heard).toHaveLength(2);
});

test('HTTP: what operators ask, what services serve, errors with their reason', async () => {
  const get = (path: string) => fetch(`${system.runtime.httpAddress}${path}`);
  expect(await (await get('/livez')).text()).toBe('ok');
  expect(await (await get('/readyz')).json()).toEqual({ waitingFor: [] });
  expect(await (await get('/sample')).text()).toBe('hello');
  const absent = await get('/sample/absent');
  expect(absent.status).toBe(404);
  expect(await absent.json()).toMatchObject({ reason: 'BLOB_NOT_FOUND' });
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toMatch(/grpc_server_handled_total\{method="\/stella.csfg.v1alpha.StackGraphService\/GetStack",code="NOT_FOUND"\} [1-9]/);
  expect(metrics).toMatch(/stella_build_info\{service="[a-z-]+",version="[0-9.]+",profile="embedded"\} 1/);
});

test('events that do not flow make it not ready, events that are stuck make it not alive', async () => {
  const health: { notReady: string[]; notLive: string[] } = { notReady: [], notLive: [] };
  class TroubledBus extends InProcessBus {
    override attach(participant: EventParticipant) {
      return Object.assign(super.attach(participant), { health: () => health });
    }
  }
  const bus = new TroubledBus({ logger: createLogger({ name: 'test', level: 'silent' }) });
  const troubled = await startTestRuntime([listeningService([])], { database: system.database, bus });
  const get = async (path: string) => fetch(`${troubled.runtime.httpAddress}${path}`).then(async (answer) => [answer.status, await answer.text()]);
  try {
    expect(await get('/livez')).toEqual([200, 'ok']);
    health.notReady.push('the broker does not answer');
    expect(await get('/readyz')).toEqual([503, '{"waitingFor":["listening: the broker does not answer"]}']);
    expect(await get('/livez')).toEqual([200, 'ok']);
    health.notLive.push('the relay');
    expect(await get('/livez')).toEqual([503, '{"stuck":["listening: the relay"]}']);
  } finally {
    await troubled.stop();
  }
}, 20_000);

test('stops within its drain time with a call open, and closes what it opened', async () => {
  const own: string[] = [];
  const second = await startTestRuntime([sampleService(), listeningService(own)], { database: system.database, drainTimeoutMs: 500 });
  const hanging = second.client(StackGraphServiceService).getStack({ name: stackNamed('2') }).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const start = Date.now();
  await second.stop();
  expect(Date.now() - start).toBeLessThan(5_000);
  await expect(hanging).resolves.toBeInstanceOf(Error);
  expect(own).toEqual(['stopped']);
}, 20_000);

async function* upload(chunks: number) {
  await Promise.resolve();
  yield { part: { $case: 'header' as const, value: { sha256: 'b'.repeat(64), sizeBytes: 1n, label: '' } } };
  for (let index = 0; index < chunks; index++) yield { part: { $case: 'chunk' as const, value: { data: Buffer.alloc(65_536) } } };
}
