import { randomUUID } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { CapsuleOutcome, CapsuleProbe, CapsuleRequest } from '@stella/native';
import type { ReplayOrder } from '../domain/replay-order.js';
import type { ReplayReport, ReplayRun } from '../domain/replay-report.js';
import { DescribeHost } from './describe-host.js';
import { RunReplay } from './run-replay.js';

type Attempt = (run: number, request: CapsuleRequest, signal: AbortSignal) => CapsuleOutcome | Promise<CapsuleOutcome>;

const CLOSURE = [{ path: '/lib/libc.so.6', sha256: 'a'.repeat(64) }];
const PROBE: CapsuleProbe = { namespaces: { user: 'available' }, seccomp: 'available', ptrace: 'EPERM', personality: 'available', tsc: 'available', mountSetattr: 'available', cgroup: 'available (v2)', kernel: '6.1.0', cpuModelClass: 'x/1', isolation: 'I1', determinism: 'D1' };

function ended(stdout: string, exit: CapsuleOutcome['exit'] = { code: 1 }, stderr = ''): CapsuleOutcome {
  const stream = (text: string) => ({ base64: Buffer.from(text).toString('base64'), sizeBytes: text.length, sha256: '', truncated: false });
  return {
    exit, capHit: null, stdout: stream(stdout), stderr: stream(stderr), measured: { wallMs: 1, cpuMs: 1, maxRssBytes: 1, setupMs: 1, stops: 1 }, pins: { aslr: 'pinned' },
    unpinned: [], nonDeterminism: {}, refused: {}, threads: 1, stack: null, modules: [], determinism: 'D1', isolation: 'I1', enforcedBy: {}, kernel: '6.1.0', cpuModelClass: 'x/1',
  };
}

function order(changes: Partial<ReplayOrder> = {}): ReplayOrder {
  return {
    replayId: 'r', artifactSha256: 'b'.repeat(64), determinism: 'D1', isolation: 'I1', replays: 6, canonicaliser: 'identity/1', notRunMax: 3, captureStack: true,
    deadline: new Date(Date.now() + 60_000),
    setup: {
      programPath: '/capsule/program', argumentsSha256: 'c'.repeat(64), stdinSha256: '', files: [], environment: { A: '1' }, seeds: { random: 7n }, clock: { epochNs: 5n, tickNs: 1n },
      locale: 'C', timeZone: 'UTC', hostname: 'h', uid: 1, gid: 1, caps: { cpuMs: 1, wallMs: 1, memoryBytes: 1, pids: 1, diskBytes: 1, outputBytes: 1, openFiles: 1 },
    },
    ...changes,
  };
}

class Bench {
  readonly requests: CapsuleRequest[] = [];
  readonly ended: ReplayRun[] = [];
  atOnce = 0;
  atOnceMax = 0;
  closure = CLOSURE;

  constructor(private readonly attempt: Attempt, private readonly lay: () => Promise<void> = () => Promise.resolve(), private readonly keep: () => Promise<void> = () => Promise.resolve()) {}

  run(given: ReplayOrder = order(), signal: AbortSignal = new AbortController().signal): Promise<ReplayReport> {
    const capsules = {
      parallel: 2,
      run: async (request: CapsuleRequest, aborted: AbortSignal) => {
        this.requests.push(request);
        this.atOnceMax = Math.max(this.atOnceMax, ++this.atOnce);
        try {
          return await this.attempt(this.requests.length, request, aborted);
        } finally {
          this.atOnce -= 1;
        }
      },
      probe: () => Promise.resolve(PROBE),
    };
    const closure = { describe: () => Promise.resolve(this.closure) };
    const workspaces = {
      use: async <T>(_order: ReplayOrder, _signal: AbortSignal, work: (workspace: { program: string; stdin: undefined; files: [] }) => Promise<T>) => {
        await this.lay();
        return work({ program: '/tmp/program', stdin: undefined, files: [] });
      },
    };
    const records = { arguments: () => Promise.resolve(['--x']), keepBytes: (bytes: Uint8Array) => this.keep().then(() => `kept ${Buffer.from(bytes)}`), keepRuns: () => Promise.resolve('runs') };
    const facts = { runEnded: (run: ReplayRun) => void this.ended.push(run), completed: () => Promise.resolve() };
    const host = new DescribeHost(capsules, closure, 'd'.repeat(64));
    return new RunReplay(capsules, workspaces, closure, host, records, facts, randomUUID, () => new Date()).execute(given, signal);
  }
}

const runsOf = (report: ReplayReport): readonly ReplayRun[] => ('runs' in report ? report.runs : []);
const failed = (reason: ConstructorParameters<typeof DomainError>[0], facts = {}) => () => Promise.reject(new DomainError(reason, facts));

test('every run has an id of its own and all that the order pins; the first runs alone, the rest two at a time', async () => {
  const bench = new Bench(async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return ended('same');
  });
  const report = await bench.run();
  expect(runsOf(report)).toHaveLength(6);
  expect(new Set(runsOf(report).map(({ runId }) => runId)).size).toBe(6);
  expect(bench.atOnceMax).toBe(2);
  expect(bench.requests[0]).toMatchObject({ program: '/tmp/program', args: ['--x'], env: { A: '1' }, seeds: { random: 7n }, stdin: 'empty', closure: ['/lib/libc.so.6'], captureStack: true, determinism: 'D1', isolation: 'I1' });
  expect(report).toMatchObject({ outcomesSha256: 'runs', host: { runnerSha256: 'd'.repeat(64), kernel: '6.1.0', cpuModelClass: 'x/1', closure: CLOSURE } });
});

test('nothing is run after two runs that differ', async () => {
  const bench = new Bench((run) => ended(run === 2 ? 'other' : 'same'));
  expect(runsOf(await bench.run())).toHaveLength(3);
});

test('a run that could not be made is told as such; three in a row end the replay', async () => {
  const refused = failed('NATIVE_FAILED', { nativeReason: 'ISOLATION_UNAVAILABLE', namespace: 'user' });
  const all = await new Bench(refused).run();
  expect(runsOf(all)).toHaveLength(3);
  expect(runsOf(all)[0]).toMatchObject({ failure: { reason: 'ISOLATION_UNAVAILABLE', detail: expect.stringContaining('user') } });
  const one = new Bench((run) => (run === 3 ? refused() : ended('same')));
  expect(runsOf(await one.run()).map((run) => 'failure' in run)).toEqual([false, false, true, false, false, false, false]);
  expect(one.ended).toHaveLength(7);
});

test('a library that the capsule lacks is our failure, not the program’s', async () => {
  const complaint = '/capsule/program: error while loading shared libraries: libz.so.1: cannot open shared object file\n';
  const report = await new Bench(() => ended('', { code: 127 }, complaint)).run();
  expect(runsOf(report)[0]).toMatchObject({ failure: { reason: 'CLOSURE_INCOMPLETE', detail: expect.stringContaining('libz.so.1') } });
  expect(runsOf(await new Bench(() => ended('', { code: 127 }, 'not found')).run())[0]).toHaveProperty('outcome');
});

test.each([
  ['the artifact is not there', order(), failed('BLOB_NOT_FOUND'), 'BLOB_NOT_FOUND'],
  ['nobody knows the canonicaliser', order({ canonicaliser: 'none/1' }), undefined, 'CANONICALISER_UNKNOWN'],
  ['the isolation is not ours to give', order({ isolation: 'I2' }), undefined, 'ISOLATION_REFUSED'],
  ['nobody waits any more', order({ deadline: new Date(0) }), undefined, 'DEADLINE_EXCEEDED'],
])('where %s, the answer says so', async (_, given, lay, reason) => {
  const bench = new Bench(() => ended('same'), lay);
  const report = await bench.run(given);
  if (reason === 'CANONICALISER_UNKNOWN') expect(runsOf(report)[0]).toMatchObject({ failure: { reason } });
  else expect(report).toMatchObject({ failure: { reason } });
});

test('runs that take longer than anybody waits are given up', async () => {
  const forever: Attempt = (_run, _request, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new DomainError('CANCELLED'))));
  const report = await new Bench(forever).run(order({ deadline: new Date(Date.now() + 30) }));
  expect(report).toMatchObject({ failure: { reason: 'DEADLINE_EXCEEDED' } });
});

test('a worker that stops, and a store that is away, leave the order to another attempt', async () => {
  const stop = new AbortController();
  const stopped = new Bench(() => {
    stop.abort();
    throw new DomainError('CANCELLED');
  });
  await expect(stopped.run(order(), stop.signal)).rejects.toMatchObject({ reason: 'CANCELLED' });
  await expect(new Bench(() => ended('x'), failed('UNAVAILABLE')).run()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
});

test('a run that was made and cannot be kept is not one that could not be made', async () => {
  const laid = () => Promise.resolve();
  await expect(new Bench(() => ended('x'), laid, failed('UNAVAILABLE')).run()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(await new Bench(() => ended('x'), laid, failed('BLOB_STORE_FULL')).run()).toMatchObject({ failure: { reason: 'BLOB_STORE_FULL' } });
});

test('a run that fails ends those beside it, and the workspace stays until they have ended', async () => {
  const bench = new Bench(async (run, _request, signal) => {
    if (run === 3) await new Promise((resolve) => setTimeout(resolve, 5));
    else if (run === 2) await new Promise((_, reject) => signal.addEventListener('abort', () => setTimeout(() => reject(new DomainError('CANCELLED')), 10)));
    if (run === 3) throw new DomainError('UNAVAILABLE');
    return ended('same');
  });
  await expect(bench.run()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect([bench.atOnce, bench.ended.length]).toEqual([0, 1]);
});

test('libraries that were exchanged meanwhile spoil the runs', async () => {
  const changing = new Bench((run) => {
    if (run === 6) changing.closure = [{ path: '/lib/libc.so.6', sha256: 'f'.repeat(64) }];
    return ended('same');
  });
  await expect(changing.run()).rejects.toMatchObject({ reason: 'REPLAY_HOST_CHANGED', facts: { path: '/lib/libc.so.6' } });
});
