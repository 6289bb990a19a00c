import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { ReplayRequested } from '@stella/contracts/stella/frvf/v1alpha/events';
import { ReplayCompleted, ReplayOutcomes, type RunOutcome } from '@stella/contracts/stella/replay_worker/v1alpha/events';
import { ReplayWorkerServiceService } from '@stella/contracts/stella/replay_worker/v1alpha/replay_worker';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import type { ServiceContext, StellaService } from '@stella/platform-runtime';
import { type TestRuntime, startTestRuntime } from '@stella/platform-runtime/testing';
import { LocalCapsules } from '../src/adapters/local-capsules.js';
import { replayWorkerService } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'replay-worker-'));
const workFolder = join(folder, 'work');
const RUNNER = 'ab'.repeat(32);
let database: TestDatabase;
let blobs: DirectoryBlobStore;

beforeAll(async () => {
  database = await startTestDatabase();
  blobs = await DirectoryBlobStore.open(join(folder, 'blobs'));
}, 30_000);

afterAll(async () => {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The worker beside one that orders replays and hears of the answers. */
class Orders {
  readonly answers: ReplayCompleted[] = [];
  private context: ServiceContext | undefined;
  private system: TestRuntime | undefined;

  async start(capsules?: LocalCapsules): Promise<this> {
    const frvf: StellaService = {
      name: 'frvf',
      grpc: { 'stella.frvf.v1alpha.WitnessService': WitnessServiceService },
      wire: (context) => {
        this.context = context;
        context.events.subscribe({ topic: 'stella.replay-worker.replay-completed.v1alpha' }, { commit: async (event) => void this.answers.push(ReplayCompleted.decode(event.payload)) });
        return { controllers: [], providers: [] };
      },
    };
    const worker = replayWorkerService({ concurrency: 2, runnerSha256: RUNNER, workFolder, ...(capsules && { capsules }) });
    this.system = await startTestRuntime([frvf, worker], { database, blobs });
    return this;
  }

  get runtime(): TestRuntime {
    if (!this.system) throw new Error('not started');
    return this.system;
  }

  async order(changes: Partial<ReplayRequested> & { readonly args?: string[]; readonly stdin?: string; readonly wallMs?: bigint }): Promise<string> {
    const { args = [], stdin = '', wallMs = 10_000n, ...others } = changes;
    const put = async (text: string) => (await blobs.put(Buffer.from(text))).sha256;
    const message = ReplayRequested.fromPartial({
      replayId: randomUUID(),
      determinism: 'D1',
      isolation: 'I1',
      replays: 3,
      canonicaliser: 'identity/1',
      notRunMax: 2,
      captureStack: true,
      deadline: new Date(Date.now() + 60_000),
      setup: {
        programPath: '/capsule/program', argumentsSha256: await put(JSON.stringify(args)), stdinSha256: stdin === '' ? '' : await put(stdin),
        files: [{ path: 'in/note', sha256: await put('a note'), executable: false }],
        environment: { GREETING: 'hello' }, seeds: { random: 1n }, clockEpochNs: 1_577_836_800_000_000_000n, clockTickNs: 1_000n, locale: 'C.UTF-8', timeZone: 'UTC', hostname: 'capsule', uid: 1000, gid: 1000,
        caps: { cpuMs: 10_000n, wallMs, memoryBytes: 256n << 20n, pids: 16, diskBytes: 1n << 20n, outputBytes: 1n << 16n, openFiles: 64 },
      },
      ...others,
    });
    const context = this.context as ServiceContext;
    const payload = ReplayRequested.encode(message).finish();
    await context.database.tx((tx) => context.events.append(tx, { topic: 'stella.frvf.replay-requested.v1alpha', tenant: 'acme', key: message.replayId, payload }));
    return message.replayId;
  }

  async answer(replayId: string): Promise<ReplayCompleted> {
    await this.runtime.settle();
    return this.answers.find((answer) => answer.replayId === replayId) as ReplayCompleted;
  }
}

async function compile(name: string, source: string, ...flags: string[]): Promise<string> {
  const [code, program] = [join(folder, `${name}.c`), join(folder, name)];
  writeFileSync(code, source);
  execFileSync('gcc', ['-o', program, code, ...flags]);
  return (await blobs.put(readFileSync(program))).sha256;
}

async function outcomes({ outcomesSha256 }: ReplayCompleted): Promise<RunOutcome[]> {
  const { runs } = ReplayOutcomes.decode(await blobs.bytes(outcomesSha256));
  return runs.map(({ result }) => (result?.$case === 'outcome' ? result.value : Promise.reject(new Error(JSON.stringify(result))))) as RunOutcome[];
}

describe('a worker', () => {
  const orders = new Orders();
  beforeAll(() => orders.start(), 30_000);
  afterAll(() => orders.runtime.stop());

  test('runs a program on the inputs of the order, in its own world, and keeps what it did', async () => {
    const source = `#include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\n#include <unistd.h>
int main(int c, char **v) { char in[64] = {0}, note[64] = {0}; if (!fgets(in, 64, stdin)) return 9; FILE *f = fopen("in/note", "r"); if (!f || !fgets(note, 64, f)) return 8;
printf("%s %s %s %s %s %ld %d", v[0], v[1], in, note, getenv("GREETING"), (long)time(0), getpid()); return 3; }`;
    const artifactSha256 = await compile('world', source);
    const answer = await orders.answer(await orders.order({ artifactSha256, args: ['--loud'], stdin: 'from stdin' }));
    expect(answer).toMatchObject({ failureReason: '', runs: 3, host: { runnerSha256: RUNNER } });
    const runs = await outcomes(answer);
    expect(runs.map(({ exit, determinism, isolation, capHit }) => ({ exit, determinism, isolation, capHit }))).toEqual(
      Array.from({ length: 3 }, () => ({ exit: { $case: 'code', value: 3 }, determinism: 'D1', isolation: 'I1', capHit: '' })),
    );
    expect(new Set(runs.map(({ stdout }) => stdout?.sha256)).size).toBe(1);
    expect((await blobs.bytes(runs[0]?.stdout?.sha256 ?? '')).toString()).toBe('/capsule/program --loud from stdin a note hello 1577836800 2');
    expect(readdirSync(workFolder)).toEqual([]);
  }, 30_000);

  test('unwinds a crash, and names the cap that ended a run', async () => {
    const crash = await orders.order({ artifactSha256: await compile('crash', 'int main(void) { volatile int *p = 0; *p = 1; return 0; }', '-g'), replays: 1 });
    const endless = await orders.order({ artifactSha256: await compile('endless', 'int main(void) { for (;;); }'), replays: 1, wallMs: 200n });
    const [crashed] = await outcomes(await orders.answer(crash));
    expect(crashed?.exit).toEqual({ $case: 'signal', value: 11 });
    const stack = JSON.parse((await blobs.bytes(crashed?.stackSha256 ?? '')).toString()) as { threads: { frames: { symbol: string }[] }[] };
    expect(stack.threads[0]?.frames[0]?.symbol).toBe('main');
    const [capped] = await outcomes(await orders.answer(endless));
    expect(capped).toMatchObject({ capHit: 'wall', stackSha256: '' });
  }, 30_000);

  test('tells a program that lacks a library from one that fails', async () => {
    writeFileSync(join(folder, 'own.c'), 'int own(void) { return 0; }');
    execFileSync('gcc', ['-shared', '-fPIC', '-o', join(folder, 'libown.so'), join(folder, 'own.c')]);
    const artifactSha256 = await compile('lacking', 'int own(void); int main(void) { return own(); }', `-L${folder}`, '-lown');
    const answer = await orders.answer(await orders.order({ artifactSha256 }));
    const { runs } = ReplayOutcomes.decode(await blobs.bytes(answer.outcomesSha256));
    expect(runs.map(({ result }) => result?.$case === 'failure' && result.value.reason)).toEqual(['CLOSURE_INCOMPLETE', 'CLOSURE_INCOMPLETE']);
  }, 30_000);

  test('tells what its host gives', async () => {
    const answer = await orders.runtime.client(ReplayWorkerServiceService).getCapabilities({});
    expect(answer).toMatchObject({ isolation: 'I1', determinism: 'D1', host: { runnerSha256: RUNNER, kernel: expect.stringMatching(/^\d+\./) } });
    expect(answer.capabilities).toContainEqual({ name: 'namespace:user', available: true, detail: '' });
    const paths = answer.host?.closure.map(({ path }) => path) ?? [];
    expect(paths).toEqual([...paths].sort());
    // A link stands beside what it leads to: the capsule needs both.
    expect(paths).toEqual(expect.arrayContaining(['/lib64/ld-linux-x86-64.so.2', '/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', '/lib/x86_64-linux-gnu/libc.so.6']));
  });
});

test('a worker that is stopped in the middle leaves the order to the next one, which answers once', async () => {
  const artifactSha256 = await compile('slow', '#include <unistd.h>\nint main(void) { usleep(0); for (volatile long i = 0; i < 4000000000L; i++); return 1; }');
  let isBegun: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (isBegun = resolve));
  class Slow extends LocalCapsules {
    override run(...args: Parameters<LocalCapsules['run']>) {
      isBegun();
      return super.run(...args);
    }
  }
  const first = await new Orders().start(new Slow(1));
  const replayId = await first.order({ artifactSha256, replays: 20, wallMs: 600_000n });
  await begun;
  await first.runtime.stop();
  expect(first.answers).toEqual([]);
  expect(readdirSync(workFolder)).toEqual([]);
  mkdirSync(join(workFolder, 'replay-999999999-gone'));
  const instead = await compile('quick', 'int main(void) { return 1; }');
  class Quick extends LocalCapsules {
    override async run(...[request, signal]: Parameters<LocalCapsules['run']>) {
      return super.run({ ...request, program: join(folder, 'quick') }, signal);
    }
  }
  expect(instead).not.toBe(artifactSha256);
  const second = await new Orders().start(new Quick(2));
  expect(await second.answer(replayId)).toMatchObject({ replayId, runs: 20, failureReason: '' });
  expect(second.answers.filter((answer) => answer.replayId === replayId)).toHaveLength(1);
  expect(readdirSync(workFolder)).toEqual([]);
  await second.runtime.stop();
}, 60_000);
