// The same question to the gate a second time: over gRPC, and by the whole `stella gate`, against what it took at first.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageUrl, releaseLabel, runCli, writeConnection } from '@stella/cli';
import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import { incidentById, resolveRelease, sha256OfFile } from '@stella/incidents';
import { claimSentence, parseClaim } from '@stella/policy';
import { clientOf } from '@stella/stella';
import { alternate } from './lib/alternate.mjs';
import { benchmark } from './lib/benchmark.mjs';
import { forkServer } from './lib/fork-server.mjs';
import { group } from './lib/group.mjs';
import { runProgram } from './lib/run-program.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const NETWORK = fileURLToPath(new URL('./parts/stella-network.mjs', import.meta.url));
const STELLA = fileURLToPath(new URL('../../services/stella/dist/bin.js', import.meta.url));
/** Each begins with an installation that knows nothing, and takes some ten seconds. */
const firstTimes = (runs) => Math.ceil(Math.min(runs, 30) / 10);

const incident = incidentById('esbuild-3205');
const ARGUMENTS = ['gate', '--baseline', incident.bad.name, '--candidate', incident.good.name, '--baseline-runs', ...incident.claims.flatMap((claim) => ['--claim', claim]), '--bundle', 'bundle.json'];

await benchmark('gate-cached', async (runs) => {
  const folder = temporaryFolder();
  // The database's account passes through it.
  chmodSync(folder, 0o711);
  const first = [];
  const ready = [];
  let groups;
  const times = firstTimes(runs);
  for (let time = 1; time <= times; time++) {
    await withNetwork(join(folder, `network-${time}`), async (connection, readyMs) => {
      ready.push([readyMs]);
      const connectionPath = await connectionFile(folder, connection, time);
      const gate = stellaGate(folder, connectionPath);
      const startedMs = performance.now();
      await gate();
      first.push([performance.now() - startedMs]);
      if (time === times) groups = await again(connection, gate, () => stellaProcess(folder, connectionPath), runs);
    });
  }
  return {
    facts: { question: `${incident.bad.name} to ${incident.good.name}, ${incident.claims.length} claims, policy standard`, nodes: 2 },
    groups: [
      group('for the first time', { 'two nodes start': { rounds: ready, cpuMs: 0 }, 'stella gate: lift, delta, witness, replays, log, verdict': { rounds: first, cpuMs: 0 } }),
      ...groups,
    ],
  };
});

async function again(connection, gate, command, runs) {
  const client = clientOf(connection);
  try {
    const question = await questionOf();
    const cached = 'EvaluateRelease over gRPC, cached';
    const asked = await alternate(
      {
        [cached]: () => evaluate(client, question, true),
        'stella gate, cached (hashes both files, fetches the bundle)': gate,
        'the same as a process, from its start to its end': command,
      },
      runs,
    );
    const fresh = await alternate({ 'EvaluateRelease, decided again from cached evidence': () => evaluate(client, { ...question, fresh: true }, false) }, runs);
    return [group('the same question again', { ...asked, ...fresh }, { goals: [{ text: 'a cached answer within 1 s', case: cached, max: 1_000 }] })];
  } finally {
    client.close();
  }
}

/** What `stella gate` asks, word for word. */
async function questionOf() {
  const [baseline, candidate] = await Promise.all(
    [incident.bad, incident.good].map(async (release) => ({ sha256: await sha256OfFile((await resolveRelease(release, { cacheDir: '.' })).program), label: releaseLabel(release), resourceUri: packageUrl(release) })),
  );
  return { baseline, candidate, claims: incident.claims.map((claim) => claimSentence(parseClaim(claim))), policy: 'policies/standard', baselineBasis: 'runs', fresh: false };
}

/** @throws Error for any verdict but ALLOW, and for one that was not come by as it is to be measured */
async function evaluate(client, question, isCached) {
  for await (const { event } of client.gate.evaluateRelease(question)) {
    if (event?.$case !== 'verdict') continue;
    const { outcome, cached } = event.value;
    if (outcome !== Outcome.OUTCOME_ALLOW || cached !== isCached) throw new Error(`${Outcome[outcome]}, cached: ${cached}`);
    return;
  }
  throw new Error('no verdict');
}

/** The command as a shell starts it; the exit code is the verdict's. */
function stellaProcess(folder, connectionPath) {
  return runProgram(process.execPath, [STELLA, ...ARGUMENTS], { cwd: folder, env: { PATH: process.env.PATH ?? '', HOME: folder, STELLA_HOME: folder, STELLA_CONNECTION: connectionPath } });
}

/** The command as a person gives it, in this process. */
function stellaGate(folder, connectionPath) {
  let said = '';
  const sink = { write: (text) => (said += text) };
  const io = { stdout: sink, stderr: sink, env: { HOME: folder, STELLA_CONNECTION: connectionPath }, cwd: folder, isTty: false, now: () => new Date() };
  return async () => {
    said = '';
    const exitCode = await runCli(ARGUMENTS, io);
    if (exitCode !== 0) throw new Error(`stella gate ended with ${exitCode}: ${said}`);
  };
}

async function connectionFile(folder, connection, time) {
  const path = join(folder, `connection-${time}.json`);
  await writeConnection(path, connection);
  return path;
}

async function withNetwork(folder, work) {
  mkdirSync(folder, { mode: 0o711 });
  const network = await forkServer(NETWORK, [folder], `${folder}.log`);
  try {
    await work(network.message.connection, network.message.readyMs);
  } finally {
    await network.stop();
  }
}
