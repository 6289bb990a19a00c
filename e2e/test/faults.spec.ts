import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isStellaError, type StellaClient } from '@stella/client';
import { status } from '@stella/client/errors';
import { Outcome, type Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { incidentById, sha256OfFile } from '@stella/incidents';
import { MainJob } from '../../services/stella/test/support/main-job.js';
import { createDeployments, type Deployment, SERVICES } from '../deployment/index.mjs';
import { type Addresses, killServer, type ServerName, useServers } from '../servers/index.mjs';
import { isSettled, missing, readLedger } from './support/ledger.js';
import { sideOf } from './support/side.js';
import { Proxy } from './support/toxiproxy.js';
import { until } from './support/until.js';

const CALLERS = 50;
const CALL_TIMEOUT_MS = 120_000;
/** The client's own work before and after the call. */
const DEADLINE_SLACK_MS = 5_000;
const RECOVERY_MS_MAX = 30_000;
const ILL_FOR_MS = 5_000;
const KILLED_SERVERS: readonly ServerName[] = ['postgres', 'kafka', 's3', 'oidc'];
/** What a caller may be told while something is down; anything else would be a wrong answer. */
const PASSING: readonly number[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.ABORTED, status.RESOURCE_EXHAUSTED];

const folder = mkdtempSync(join(tmpdir(), 'faults-'));
/** Of a small program: what is asked again and again is how the parts fare, not how fast they lift. */
const incident = incidentById('lua-CVE-2020-24370');
let servers: Pick<Addresses, 'kafka' | 'postgres' | 's3' | 'oidc' | 'toxiproxy'>;
let database: Proxy;
let store: Proxy;
let broker: Proxy;
let deployment: Deployment;
let client: StellaClient;
let job: MainJob;

beforeAll(async () => {
  servers = await useServers(['kafka', 'postgres', 's3', 'oidc', 'toxiproxy']);
  const api = servers.toxiproxy.url;
  const endpoint = new URL(servers.s3.endpoint);
  database = await Proxy.open(api, 'faults-postgres', `${servers.postgres.host}:${servers.postgres.port}`);
  store = await Proxy.open(api, 'faults-s3', endpoint.host);
  // A broker tells its clients where it is: this listener tells where the proxy is.
  const { listen, proxy } = servers.kafka.behindProxy;
  broker = await Proxy.open(api, 'faults-kafka', listen, proxy);
  const [only] = await createDeployments({
    organisations: 1,
    servers: { ...servers, postgres: { ...servers.postgres, host: '127.0.0.1', port: database.port }, s3: { ...servers.s3, endpoint: `http://${store.listen}` }, kafka: { ...servers.kafka, brokers: [broker.listen] } },
  });
  if (!only) throw new Error('a deployment was asked for');
  deployment = only;
  await deployment.start();
  const side = await sideOf(deployment.connection, folder);
  client = side.client;
  job = new MainJob({ ...side, rootKeyOptions: [] });
}, 1_800_000);

afterAll(async () => {
  client?.close();
  // Whatever is still ill or dead would keep the rest from being taken away.
  await useServers(KILLED_SERVERS);
  await deployment?.remove();
  await Promise.allSettled([database, store, broker].map((proxy) => proxy?.close()));
  rmSync(folder, { recursive: true, force: true });
}, 600_000);

interface Question {
  readonly candidate: string;
  readonly label: string;
}

interface Failure {
  readonly what: string;
  readonly code: number | undefined;
  readonly facts: Readonly<Record<string, string>>;
  readonly ms: number;
}

/** Candidates that end well and do nothing, each another one: nobody has an answer about it yet. */
function makeCandidates(count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const [code, program] = [join(folder, `candidate-${n}.c`), join(folder, `candidate-${n}`)];
    writeFileSync(code, `volatile int n = ${n}; int main(void) { return n & 0; }`);
    execFileSync('gcc', ['-O2', '-static', '-o', program, code]);
    return program;
  });
}

async function evaluate({ candidate, label }: Question, baseline: string, fresh = false): Promise<Verdict> {
  const question = {
    baseline: { sha256: baseline, label: incident.bad.name, resourceUri: '' },
    candidate: { sha256: candidate, label, resourceUri: '' },
    claims: [`fixes incident ${incident.id}`],
    policy: 'policies/standard',
    baselineBasis: 'runs',
    fresh,
  };
  let verdict: Verdict | undefined;
  for await (const { event } of client.gate.evaluateRelease(question, { timeoutMs: CALL_TIMEOUT_MS })) if (event?.$case === 'verdict') verdict = event.value;
  if (!verdict) throw new Error('a stream ended well without a verdict');
  return verdict;
}

const unknownFacts = (verdict: Verdict): string[] => verdict.facts.filter(({ value }) => value === 'unknown').map(({ name }) => name);

/** One question at a time, again and again until it is answered with all facts, and then anew until the faults are over. */
class Caller {
  readonly failures: Failure[] = [];
  readonly verdicts: Verdict[] = [];
  /** Verdicts that say that something could not be found out. */
  incomplete = 0;

  constructor(
    private readonly program: string,
    private readonly baseline: string,
    private readonly knownWhenCalm: ReadonlySet<string>,
  ) {}

  async run(isOver: () => boolean): Promise<void> {
    const label = this.program;
    const candidate = await sha256OfFile(this.program);
    while (!isOver() || this.verdicts.length === 0) {
      const began = performance.now();
      try {
        await client.uploadArtifact(this.program, { timeoutMs: CALL_TIMEOUT_MS });
        const verdict = await evaluate({ candidate, label }, this.baseline, this.verdicts.length > 0);
        if (unknownFacts(verdict).some((name) => !this.knownWhenCalm.has(name))) this.incomplete += 1;
        else this.verdicts.push(verdict);
      } catch (error) {
        const typed = isStellaError(error);
        this.failures.push({ what: typed ? error.reason : String(error), code: typed ? error.code : undefined, facts: typed ? error.facts : {}, ms: performance.now() - began });
      }
      await delay(1_000);
    }
  }
}

/** Everything serves: every process is ready, and each service answers a call that needs its database, its store or a token. */
async function requireRecovered(what: string): Promise<number> {
  const began = performance.now();
  const settings = { timeoutMs: 10_000 };
  await until(`everything after ${what}`, async () => {
    await Promise.all(deployment.processes.map((process) => process.ready(1_000)));
    await Promise.all([
      client.gate.listVerdicts({ pageSize: 1 }, settings),
      client.frvf.listIncidents({ pageSize: 1 }, settings),
      client.fbpe.listPeerings({}, settings),
      client.csfg.listStacks({ pageSize: 1 }, settings),
      client.marketplace.searchPacks({ pageSize: 1 }, settings),
      client.uploadArtifact(join(folder, 'candidate-0'), settings),
    ]);
    return true;
  }, 5 * RECOVERY_MS_MAX);
  return performance.now() - began;
}

test(`${CALLERS} callers at once, while every part is killed in turn and connections are slow and cut: nothing is lost, nothing happens twice`, async () => {
  const programs = makeCandidates(CALLERS + 1);
  const baseline = await job.digestOf(incident.bad);
  // Records the incident with its witness.
  expect(await job.gate(incident)).toMatchObject({ exitCode: 3 });
  const first = programs.pop() ?? '';
  await client.uploadArtifact(first);
  const calm = await evaluate({ candidate: await sha256OfFile(first), label: first }, baseline);
  expect(calm.outcome).toBe(Outcome.OUTCOME_REVIEW);

  let isOver = false;
  const callers = programs.map((program) => new Caller(program, baseline, new Set(unknownFacts(calm))));
  const work = Promise.all(callers.map((caller) => caller.run(() => isOver)));
  const recovered: [string, number][] = [];
  const fault = async (what: string, harm: () => Promise<void>): Promise<void> => {
    await delay(2_000);
    await harm();
    recovered.push([what, await requireRecovered(what)]);
  };
  const ill = async (make: () => Promise<() => Promise<void>>): Promise<void> => {
    const heal = await make();
    await delay(ILL_FOR_MS);
    await heal();
  };
  try {
    for (const service of SERVICES) {
      await fault(`kill -9 of ${service}`, async () => {
        const [process] = deployment.of(service);
        await process?.kill();
        process?.start();
        await process?.ready();
      });
    }
    for (const server of KILLED_SERVERS) {
      await fault(`kill -9 of ${server}`, async () => {
        await killServer(server);
        await delay(2_000);
        await useServers([server]);
      });
    }
    await fault('a slow database', () => ill(() => database.make({ type: 'latency', attributes: { latency: 150, jitter: 100 } })));
    await fault('a database that answers nothing', () => ill(() => database.make({ type: 'timeout', attributes: { timeout: 0 } })));
    await fault('a database that cannot be reached', () => ill(() => database.cut()));
    await fault('a slow store', () => ill(() => store.make({ type: 'bandwidth', attributes: { rate: 200 } })));
    await fault('a store that breaks connections off', () => ill(() => store.make({ type: 'reset_peer', attributes: { timeout: 50 } })));
    await fault('a store that cannot be reached', () => ill(() => store.cut()));
    await fault('a slow broker', () => ill(() => broker.make({ type: 'latency', attributes: { latency: 300, jitter: 200 } })));
    await fault('a broker that answers nothing', () => ill(() => broker.make({ type: 'timeout', attributes: { timeout: 0 } })));
    await fault('a broker that breaks connections off', () => ill(() => broker.make({ type: 'reset_peer', attributes: { timeout: 50 } })));
    await fault('a broker that cannot be reached', () => ill(() => broker.cut()));
  } finally {
    isOver = true;
    await work;
  }

  const failures = callers.flatMap((caller) => caller.failures);
  const verdicts = callers.flatMap((caller) => caller.verdicts);
  const ledger = await until('an end of all events', async () => {
    const now = await readLedger(servers, deployment.resources);
    return isSettled(now) && now;
  }, 120_000).catch(() => readLedger(servers, deployment.resources));
  const reasons = Object.entries(Object.groupBy(failures, ({ what, code }) => `${what} (${code})`)).map(([what, all]) => `  ${what}: ${all?.length}`);
  console.log(
    [
      `${verdicts.length} verdicts of ${CALLERS} callers, ${callers.reduce((sum, { incomplete }) => sum + incomplete, 0)} that say what could not be found out, ${failures.length} calls that failed:`,
      ...reasons,
      `events: ${ledger.told.length} told, ${ledger.received.length} received, ${missing(ledger).length} lost, ${ledger.received.filter(({ state }) => state === 'dead').length} given up`,
      ...recovered.map(([what, ms]) => `  all well after ${what}: ${(ms / 1_000).toFixed(1)} s`),
    ].join('\n'),
  );

  // Every call ended well or was told why, in its time.
  const wrong = failures.filter(({ code }) => code === undefined || !PASSING.includes(code));
  for (const { facts } of wrong) if (facts['traceId']) console.log(linesOf(facts['traceId']).join('\n'));
  expect(wrong).toEqual([]);
  expect(failures.filter(({ ms }) => ms > CALL_TIMEOUT_MS + DEADLINE_SLACK_MS)).toEqual([]);
  expect(recovered.filter(([, ms]) => ms > RECOVERY_MS_MAX)).toEqual([]);
  // Everybody has an answer, and it is the right one.
  expect(callers.filter((caller) => caller.verdicts.length === 0)).toEqual([]);
  expect(verdicts.filter(({ outcome }) => outcome !== Outcome.OUTCOME_REVIEW)).toEqual([]);
  expect(ledger.received.length).toBeGreaterThan(CALLERS);
  const takes = ({ consumer, topic }: { consumer: string; topic: string }): string => `${consumer} ${topic}`;
  expect([...new Set(ledger.subscriptions.map(takes))]).toEqual(expect.arrayContaining([...new Set(ledger.received.map(takes))]));
  // Events: all sent, all received, none given up, none left.
  expect({ missing: missing(ledger), isSettled: isSettled(ledger), dead: ledger.received.filter(({ state }) => state === 'dead') }).toEqual({ missing: [], isSettled: true, dead: [] });
  expect(new Set(ledger.told.map(({ id }) => id)).size).toBe(ledger.told.length);
  for (const verdict of verdicts) await requireKept(verdict);
}, 1_800_000);

/** What the processes wrote about a call: the deployment's folder goes with the test. */
function linesOf(traceId: string): string[] {
  return deployment.processes.flatMap(({ name, log }) => readFileSync(log, 'utf8').split('\n').filter((line) => line.includes(traceId)).map((line) => `${name}: ${line}`));
}

/** An acknowledged verdict is there, its bundle is what its digest says, and the log has its evidence once. */
async function requireKept({ name, bundleSha256, candidate }: Verdict): Promise<void> {
  expect((await client.gate.getVerdict({ name })).verdict).toMatchObject({ name, bundleSha256 });
  const hash = createHash('sha256');
  for await (const { chunk } of client.gate.getBundle({ verdict: name })) hash.update(chunk?.data ?? Buffer.alloc(0));
  expect(hash.digest('hex')).toBe(bundleSha256);
  const { entries } = await client.fbpe.queryProvenance({ subjectSha256: candidate?.sha256 ?? '', pageSize: 100 });
  expect(entries.length).toBeGreaterThan(0);
  expect(new Set(entries.map(({ payloadSha256 }) => payloadSha256)).size).toBe(entries.length);
}
