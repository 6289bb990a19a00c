import { randomUUID } from 'node:crypto';
import { OperationState } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { BAD, DONE_SHA256, GOOD, TestFrvf } from './network.js';

const frvf = new TestFrvf();

beforeAll(() => frvf.start(), 30_000);
afterAll(() => frvf.runtime.stop());
beforeEach(() => {
  frvf.worker.behaviours.clear();
  frvf.worker.failure = undefined;
});

describe('incidents', () => {
  const request = (changes: object = {}) => ({ requestId: randomUUID(), incidentId: 'one', title: 'One', passPredicate: { exitCode: 0, stdoutSha256: '' }, ...changes });

  test('the same request and the same content give the same incident; other content under its id is refused', async () => {
    const first = request();
    const { incident } = await frvf.client().createIncident(first);
    expect(incident).toMatchObject({ name: 'incidents/one', passPredicate: { exitCode: 0, stdoutSha256: '' } });
    expect((await frvf.client().createIncident(first)).incident).toEqual(incident);
    expect((await frvf.client().createIncident(request())).incident).toEqual(incident);
    await expect(frvf.client().createIncident({ ...first, title: 'Two' })).rejects.toMatchObject({ reason: 'REQUEST_ID_REUSED' });
    await expect(frvf.client().createIncident(request({ passPredicate: { exitCode: 3, stdoutSha256: '' } }))).rejects.toMatchObject({ reason: 'INCIDENT_CONFLICT' });
    await expect(frvf.client('other').getIncident({ name: 'incidents/one' })).rejects.toMatchObject({ reason: 'INCIDENT_NOT_FOUND' });
  });

  test('are listed by pages, each tenant its own, and a token is good for its own list only', async () => {
    for (const incidentId of ['a', 'b', 'c']) await frvf.client('lists').createIncident(request({ incidentId }));
    const first = await frvf.client('lists').listIncidents({ pageSize: 2, pageToken: '' });
    const second = await frvf.client('lists').listIncidents({ pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.incidents, ...second.incidents].map(({ name }) => name).sort()).toEqual(['incidents/a', 'incidents/b', 'incidents/c']);
    expect([first.nextPageToken === '', second.nextPageToken]).toEqual([false, '']);
    for (const pageToken of [first.nextPageToken, 'bm9uZQ']) {
      await expect(frvf.client('other').listIncidents({ pageSize: 2, pageToken })).rejects.toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
    }
  });
});

describe('recording', () => {
  test('the same request is answered the same, another one under its id is refused, and the same recording runs once', async () => {
    const incident = await frvf.incident('repeat');
    const before = frvf.worker.orders.length;
    const request = frvf.recording(incident);
    const [a, b] = await Promise.all([frvf.client().recordWitness(request), frvf.client().recordWitness(request)]);
    expect(b.witness?.name).toBe(a.witness?.name);
    await expect(frvf.client().recordWitness({ ...request, artifactSha256: GOOD })).rejects.toMatchObject({ reason: 'REQUEST_ID_REUSED' });
    const done = await frvf.record(incident);
    expect(done).toMatchObject({ state: OperationState.OPERATION_STATE_DONE, name: expect.stringMatching(/^witnesses\/[0-9a-f]{64}$/) });
    expect((await frvf.client().recordWitness(request)).witness?.name).toBe(done.name);
    expect(frvf.worker.orders.length - before).toBe(1);
    expect(frvf.worker.orders.at(-1)).toMatchObject({ artifactSha256: BAD, replays: 5, isolation: 'I1', determinism: 'D1', canonicaliser: 'identity/1', notRunMax: 3 });
  });

  test('that gives a witness for the first time is told to others, and only then', async () => {
    const incident = await frvf.incident('told');
    const done = await frvf.record(incident, { args: ['told'] });
    await frvf.runtime.settle();
    const told = () => frvf.worker.recorded.filter(({ witness }) => witness === done.name);
    expect(told()).toEqual([{ witness: done.name, incident, artifactSha256: BAD, evidenceSha256: done.evidence?.sha256, stack: Buffer.alloc(0), stackFormat: '' }]);
    await frvf.record(incident, { args: ['told'] });
    frvf.worker.behaviours.set(BAD, () => ({ code: 0 }));
    await frvf.record(incident, { args: ['not told'] });
    await frvf.runtime.settle();
    expect(told()).toHaveLength(1);
    expect(frvf.worker.recorded.filter((event) => event.incident === incident)).toHaveLength(1);
  });

  test('is known by its name and listed without its envelope', async () => {
    const incident = await frvf.incident('listed');
    const done = await frvf.record(incident);
    expect((await frvf.client().getWitness({ name: done.name, waitMs: 0 })).witness).toEqual(done);
    const { witnesses } = await frvf.client().listWitnesses({ incident, pageSize: 0, pageToken: '' });
    expect(witnesses).toHaveLength(1);
    expect(witnesses[0]?.evidence).toMatchObject({ sha256: done.evidence?.sha256, envelope: Buffer.alloc(0) });
    expect((await frvf.client('other').listWitnesses({ incident: '', pageSize: 0, pageToken: '' })).witnesses).toEqual([]);
  });

  test.each([
    ['WITNESS_NOT_DETERMINISTIC', '"differs":"exit"', (run: number) => ({ code: run === 4 ? 2 : 1 })],
    ['WITNESS_NOT_DETERMINISTIC', 'aslr: not-pinned: refused', () => ({ code: 1, pins: { aslr: 'not-pinned: refused', pid: 'pinned' } })],
    ['WITNESS_DID_NOT_FAIL', '\\"code\\":0', () => ({ code: 0 })],
    ['WITNESS_DID_NOT_FAIL', '"capHit":"memory"', () => ({ code: 1, capHit: 'memory' })],
    ['REPLAY_FAILED', 'ISOLATION_UNAVAILABLE', () => 'ISOLATION_UNAVAILABLE'],
    ['REPLAY_FAILED', '"runs":"4"', (run: number) => (run === 2 ? 'NATIVE_CRASHED' : { code: 1 })],
  ] as const)('%s with %s', async (failureReason, detail, behave) => {
    const incident = await frvf.incident('refused');
    frvf.worker.behaviours.set(BAD, behave);
    const refused = await frvf.record(incident);
    expect(refused).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason, evidence: undefined });
    expect(refused.failureDetail).toContain(detail);
  });

  test('a failed one is tried anew when it is asked for again', async () => {
    const incident = await frvf.incident('second-try');
    frvf.worker.failure = { reason: 'BLOB_NOT_FOUND', detail: 'x' };
    expect(await frvf.record(incident)).toMatchObject({ failureReason: 'REPLAY_FAILED', failureDetail: 'BLOB_NOT_FOUND: x' });
    frvf.worker.failure = undefined;
    expect(await frvf.record(incident)).toMatchObject({ state: OperationState.OPERATION_STATE_DONE });
  });

  test('a failure that the owner calls fixed is no failure', async () => {
    const incident = 'incidents/three';
    await frvf.client().createIncident({ requestId: randomUUID(), incidentId: 'three', title: '', passPredicate: { exitCode: 3, stdoutSha256: DONE_SHA256 } });
    frvf.worker.behaviours.set(BAD, () => ({ code: 3, stdout: 'done\n' }));
    expect(await frvf.record(incident)).toMatchObject({ failureReason: 'WITNESS_DID_NOT_FAIL' });
  });

  test.each([
    ['ISOLATION_REFUSED', { isolation: 'I0' }],
    ['CAPS_INVALID', { pids: 4_000 }],
    ['WITNESS_INVALID', { args: ['a\0b'] }],
    ['WITNESS_INVALID', { args: Array.from({ length: 10 }, () => 'x'.repeat(65_000)) }],
    ['ARTIFACT_NOT_FOUND', { artifactSha256: '0'.repeat(64) }],
  ])('%s before anything runs', async (reason, changes) => {
    const incident = await frvf.incident('impossible');
    const before = frvf.worker.orders.length;
    await expect(frvf.client().recordWitness(frvf.recording(incident, changes))).rejects.toMatchObject({ reason });
    expect(frvf.worker.orders).toHaveLength(before);
  });

  test('of an incident that nobody knows is refused', async () => {
    await expect(frvf.client().recordWitness(frvf.recording('incidents/nobody'))).rejects.toMatchObject({ reason: 'INCIDENT_NOT_FOUND' });
    await expect(frvf.client().getWitness({ name: `witnesses/recording-${randomUUID()}`, waitMs: 0 })).rejects.toMatchObject({ reason: 'WITNESS_NOT_FOUND' });
  });
});
