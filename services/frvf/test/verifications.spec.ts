import { randomUUID } from 'node:crypto';
import { OperationState, OutcomeClass } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { BAD, GOOD, TestFrvf } from './network.js';

const frvf = new TestFrvf();
const { worker } = frvf;
const DAY_MS = 24 * 3_600_000;
let witness: string;

beforeAll(async () => {
  await frvf.start({ replaysRunningMax: 2 });
  witness = (await frvf.record(await frvf.incident('base'))).name;
}, 30_000);
afterAll(() => frvf.runtime.stop());
beforeEach(() => {
  worker.behaviours.clear();
  worker.behaviours.set(GOOD, () => ({ code: 0, stdout: 'done\n' }));
  Object.assign(worker, { failure: undefined, isSilent: false, hostAtWork: undefined });
  frvf.random = 0.5;
});

const ordersDuring = async (work: () => Promise<unknown>): Promise<number> => {
  const before = worker.orders.length;
  await work();
  await frvf.runtime.settle();
  return worker.orders.length - before;
};

describe('the cache', () => {
  test('answers the second asker without a run, whoever of the tenant it is; another N is another question', async () => {
    const first = await frvf.verify(witness, GOOD, { replays: 6 });
    expect(first).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_FIXED, replays: 6, cached: false });
    await frvf.runtime.settle();
    const told = { verification: first.name, witness, artifactSha256: GOOD, outcome: OutcomeClass.OUTCOME_CLASS_FIXED, evidenceSha256: first.evidence?.sha256 };
    expect(worker.completed).toEqual([told]);
    expect(await ordersDuring(async () => expect(await frvf.create(witness, GOOD, { replays: 6 })).toEqual({ ...first, cached: true }))).toBe(0);
    expect(await ordersDuring(() => frvf.verify(witness, GOOD, { replays: 7 }))).toBe(1);
  });

  test.each([
    ['not-reproduced', OutcomeClass.OUTCOME_CLASS_NOT_REPRODUCED, () => ({ code: 0 })],
    ['a different failure', OutcomeClass.OUTCOME_CLASS_DIFFERENT_FAILURE, () => ({ code: 2 })],
    ['flaky', OutcomeClass.OUTCOME_CLASS_FLAKY, (run: number) => ({ code: run })],
    ['infrastructure', OutcomeClass.OUTCOME_CLASS_INFRASTRUCTURE, () => 'PTRACE_UNAVAILABLE'],
  ])('keeps no result that is no verdict: %s', async (_, outcome, behave) => {
    worker.behaviours.set(GOOD, behave);
    const changes = { replays: 8 };
    expect(await ordersDuring(async () => expect(await frvf.verify(witness, GOOD, changes)).toMatchObject({ state: OperationState.OPERATION_STATE_DONE, outcome }))).toBe(1);
    expect(await ordersDuring(() => frvf.verify(witness, GOOD, changes))).toBe(1);
  });

  test('forgets with time, with another host, and where the evidence is gone', async () => {
    const changes = { replays: 9 };
    const { evidence } = await frvf.verify(witness, GOOD, changes);
    frvf.nowMs += 7 * DAY_MS + 1;
    expect(await ordersDuring(() => frvf.verify(witness, GOOD, changes))).toBe(1);
    await frvf.runtime.blobs.delete((await frvf.verify(witness, GOOD, changes)).evidence?.sha256 ?? '');
    expect(await ordersDuring(() => frvf.verify(witness, GOOD, changes))).toBe(1);
    worker.host = { ...worker.host, kernel: '6.2.0' };
    frvf.nowMs += 31_000;
    const elsewhere = await frvf.verify(witness, GOOD, changes);
    expect(elsewhere).toMatchObject({ cached: false, outcome: OutcomeClass.OUTCOME_CLASS_FIXED });
    expect(elsewhere.evidence?.sha256).not.toBe(evidence?.sha256);
  });

  test('a fresh verification runs again; one that is under way is joined', async () => {
    const changes = { replays: 10 };
    await frvf.verify(witness, GOOD, changes);
    expect(await ordersDuring(() => frvf.verify(witness, GOOD, { ...changes, fresh: true }))).toBe(1);
    const joined = () => Promise.all([frvf.create(witness, GOOD, { replays: 11 }), frvf.create(witness, GOOD, { replays: 11 })]);
    expect(await ordersDuring(joined)).toBe(1);
  });

  test('one answer in a hundred is replayed behind it; a contradiction evicts it', async () => {
    const changes = { replays: 12 };
    const first = await frvf.verify(witness, GOOD, changes);
    frvf.random = 0.001;
    expect(await ordersDuring(async () => expect(await frvf.create(witness, GOOD, changes)).toMatchObject({ cached: true }))).toBe(1);
    expect(await frvf.get(first.name)).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_FIXED });
    expect(await frvf.metric('frvf_cache_reexecutions_total', '{result="agreed"}')).toBe(1);
    worker.behaviours.set(GOOD, () => ({ code: 1 }));
    expect(await ordersDuring(async () => expect(await frvf.create(witness, GOOD, changes)).toMatchObject({ cached: true }))).toBe(1);
    expect(await frvf.get(first.name)).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason: 'VERIFICATION_CONTRADICTED', evidence: undefined });
    expect(await frvf.metric('frvf_cache_reexecutions_total', '{result="contradicted"}')).toBe(1);
    frvf.random = 0.5;
    expect(await frvf.verify(witness, GOOD, changes)).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_REPRODUCED, cached: false });
  });
});

describe('a replay', () => {
  test('that nobody answers in time fails, and what comes later is ignored', async () => {
    worker.isSilent = true;
    const { name } = await frvf.create(witness, GOOD, { replays: 13 });
    await frvf.runtime.settle();
    expect(await frvf.get(name)).toMatchObject({ state: OperationState.OPERATION_STATE_RUNNING, outcome: OutcomeClass.OUTCOME_CLASS_UNSPECIFIED });
    const order = worker.orders.at(-1);
    frvf.nowMs = (order?.deadline?.getTime() ?? 0) + 1;
    expect(await frvf.get(name, 10_000)).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason: 'REPLAY_NOT_ANSWERED' });
    if (order) await worker.sayLate(order, 'acme');
    await frvf.runtime.settle();
    expect(await frvf.get(name)).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason: 'REPLAY_NOT_ANSWERED' });
    expect(await frvf.metric('frvf_replays_answered_late_total')).toBe(1);
  });

  test('that is answered twice, or in the name of another tenant, counts once', async () => {
    const { name, evidence } = await frvf.verify(witness, GOOD, { replays: 14 });
    const order = worker.orders.at(-1);
    worker.behaviours.set(GOOD, () => ({ code: 1 }));
    for (const tenant of ['acme', 'other']) if (order) await worker.sayLate(order, tenant);
    await frvf.runtime.settle();
    expect(await frvf.get(name)).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_FIXED, evidence: { sha256: evidence?.sha256 } });
  });

  test('on another host than the one that the key names is no answer', async () => {
    worker.hostAtWork = { ...worker.host, cpuModelClass: 'other/1' };
    expect(await frvf.verify(witness, GOOD, { replays: 15 })).toMatchObject({ state: OperationState.OPERATION_STATE_FAILED, failureReason: 'REPLAY_HOST_CHANGED' });
  });

  test('of a tenant that has its share under way is refused, and possible again afterwards', async () => {
    worker.isSilent = true;
    const names = [];
    for (const replays of [16, 17]) names.push((await frvf.create(witness, GOOD, { replays })).name);
    await expect(frvf.create(witness, GOOD, { replays: 18 })).rejects.toMatchObject({ reason: 'REPLAY_QUOTA_SPENT', facts: expect.objectContaining({ runningMax: '2' }) });
    expect(await frvf.metric('frvf_quota_rejections_total')).toBe(1);
    await frvf.runtime.settle();
    worker.isSilent = false;
    for (const order of worker.orders.slice(-2)) await worker.sayLate(order, 'acme');
    await frvf.runtime.settle();
    for (const name of names) expect(await frvf.get(name)).toMatchObject({ state: OperationState.OPERATION_STATE_DONE });
    expect(await frvf.verify(witness, GOOD, { replays: 18 })).toMatchObject({ outcome: OutcomeClass.OUTCOME_CLASS_FIXED });
  });
});

test('a request is answered once; its id is good for nothing else', async () => {
  const requestId = randomUUID();
  const first = await frvf.create(witness, BAD, { replays: 19, requestId });
  await frvf.runtime.settle();
  expect(await frvf.create(witness, BAD, { replays: 19, requestId })).toMatchObject({ name: first.name, cached: false, outcome: OutcomeClass.OUTCOME_CLASS_REPRODUCED });
  await expect(frvf.create(witness, BAD, { replays: 20, requestId })).rejects.toMatchObject({ reason: 'REQUEST_ID_REUSED' });
  await expect(frvf.client('other').getVerification({ name: first.name, waitMs: 0 })).rejects.toMatchObject({ reason: 'VERIFICATION_NOT_FOUND' });
});

test('the figures that operators watch are there', async () => {
  expect(await frvf.metric('verify_time_ms_count', '{source="cached"}')).toBeGreaterThan(0);
  expect(await frvf.metric('verify_time_ms_count', '{source="replayed"}')).toBeGreaterThan(0);
  expect(await frvf.metric('deterministic_score_variance_count')).toBeGreaterThan(0);
  expect(await frvf.metric('frvf_verify_cache_total', '{answer="hit"}')).toBeGreaterThan(0);
  expect(await frvf.metric('replay_success_ratio_runs_total', '{result="success"}')).toBeGreaterThan(0);
});
