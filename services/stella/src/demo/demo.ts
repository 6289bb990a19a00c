import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CliIo, defaultDataFolder, releaseCacheFolder, runCli, writeConnection } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { publicKeyToPem } from '@stella/attestation';
import { type Incident, incidentById, resolveRelease, sha256OfFile } from '@stella/incidents';
import { DomainError } from '@stella/errors';
import { StellaNetwork } from '../network.js';
import { clientOf } from '../peer-nodes.js';
import { Story } from './story.js';

const INCIDENT = 'esbuild-3205';
const PARTNER_WAIT_MS = 30_000;
const STEPS = 7;

/** `stella demo`: the main job on a real release, told as it happens. Gives the exit code. */
export async function demo(io: CliIo): Promise<number> {
  const story = new Story(io, STEPS);
  const incident = incidentById(INCIDENT);
  const folder = join(defaultDataFolder(io.env), 'demo');
  const trust = join(folder, 'trust');
  const bundle = join(io.cwd, 'esbuild-0.18.12.bundle.json');
  await mkdir(trust, { recursive: true, mode: 0o711 });
  const connection = join(folder, 'connection.json');
  const stella = async (expected: number, ...argv: string[]): Promise<void> => {
    const exitCode = await runCli(argv, { ...io, env: { ...io.env, STELLA_CONNECTION: connection } });
    if (exitCode !== expected) throw new DomainError('WORK_FAILED', { command: `stella ${argv[0]}`, exitCode: String(exitCode), expected: String(expected) });
  };

  const network = await story.step('Two nodes start: yours, and one that checks yours', async () => {
    const started = await StellaNetwork.create({ nodes: 2, folder: join(folder, 'nodes'), pullIntervalMs: 500 });
    story.say(started.nodes.map(({ installation, connection: { grpcAddress } }) => `${installation.organisation} at ${grpcAddress}`).join('\n'));
    return started;
  });
  const clients = network.nodes.map((node) => clientOf(node.connection));
  let policySha256: string;
  let candidateSha256: string;
  try {
    const [node, own, other] = [network.nodes[0], clients[0], clients[1]];
    if (!node || !own || !other) throw new Error('a network of two nodes has two nodes');
    await writeConnection(connection, node.connection);
    const bad = await resolveRelease(incident.bad, { cacheDir: releaseCacheFolder(io.env) });
    const good = await resolveRelease(incident.good, { cacheDir: releaseCacheFolder(io.env) });
    candidateSha256 = await sha256OfFile(good.program);

    await story.step('A signed symbol pack of the release that runs now is published', () => publishPack(stella, folder, bad.program, node.installation.keys.publisher.publicKey));
    await story.step('The partner has the same two builds, from its own sources', async () => {
      for (const program of [bad.program, good.program]) await other.uploadArtifact(program);
    });
    await story.step(`May ${incident.good.name} go out? Its author claims ${incident.claims.length} things`, () =>
      stella(0, 'gate', '--baseline', incident.bad.name, '--candidate', incident.good.name, '--baseline-runs', ...incident.claims.flatMap((claim) => ['--claim', claim]), '--bundle', bundle),
    );
    await story.step('The partner lifts both builds again, and the crash is matched to its incident', async () => {
      story.say(await partnersWord(own, candidateSha256));
      await network.settle();
      story.say(await matched(own, incident));
    });
    const { policies } = await own.gate.listPolicies({});
    policySha256 = policies.find(({ name }) => name === 'policies/standard')?.sha256 ?? '';
    await stella(0, 'trust', 'export', '--out', trust);
  } finally {
    for (const client of clients) client.close();
    await network.stop();
  }

  const verify = (path: string) => ['verify', path, '--trust', join(trust, 'trust-root.json'), '--revocations', join(trust, 'revocations.json'), '--subject', candidateSha256, '--policy', policySha256];
  await story.step('Nothing runs any more. The bundle is verified offline, and the decision computed again', () => stella(0, ...verify(bundle)));
  await story.step('One byte of the bundle is altered', async () => {
    const altered = join(folder, 'altered.bundle.json');
    const bytes = await readFile(bundle);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(altered, bytes);
    await stella(1, ...verify(altered));
  });
  io.stdout.write(`\nThe verdict, with all its evidence: ${bundle}\n`);
  return 0;
}

async function publishPack(stella: (expected: number, ...argv: string[]) => Promise<void>, folder: string, program: string, publisher: Parameters<typeof publicKeyToPem>[0]): Promise<void> {
  const files = join(folder, 'pack');
  await mkdir(files, { recursive: true });
  const [copy, manifest, envelope, publicKey] = ['esbuild', 'manifest.json', 'manifest.dsse.json', 'publisher.pub.pem'].map((name) => join(files, name)) as [string, string, string, string];
  await writeFile(copy, await readFile(program));
  await writeFile(publicKey, publicKeyToPem(publisher));
  const key = join(folder, 'nodes', 'node-1.test', 'keys', 'publisher.pem');
  await stella(0, 'pack', 'init', copy, '--name', 'own/esbuild', '--pack-version', '0.18.11', '--licence', 'MIT', '--out', manifest);
  await stella(0, 'pack', 'sign', manifest, '--key', key, '--out', envelope);
  await stella(0, 'pack', 'publish', envelope, '--public-key', publicKey);
}

/** Waits for the other node's word about the delta proof. */
async function partnersWord(own: StellaClient, candidateSha256: string): Promise<string> {
  const until = Date.now() + PARTNER_WAIT_MS;
  for (;;) {
    const { entries } = await own.fbpe.queryProvenance({ subjectSha256: candidateSha256, pageSize: 100 });
    const [found] = entries.flatMap((entry) => entry.crossVerifications);
    if (found) return `${found.organisation}: ${found.result === 1 ? 'agrees' : found.reason} (${found.method}); ${found.sameOperator ? 'a node of the same operator, so it counts for nobody as a partner' : 'a partner'}`;
    if (Date.now() > until) return 'no word from the partner yet';
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function matched(own: StellaClient, incident: Incident): Promise<string> {
  const { witnesses } = await own.frvf.listWitnesses({ incident: `incidents/${incident.id}` });
  const { witness } = await own.frvf.getWitness({ name: witnesses[0]?.name ?? '' });
  const text = Buffer.from(witness?.stack ?? []).toString('utf8');
  const { matches, durationUs } = await own.csfg.matchStack({ query: { $case: 'source', value: { source: { $case: 'text', value: text } } } });
  const [best] = matches;
  return best ? `the panic is ${best.incident}, by ${best.level} (${Number(durationUs) / 1000} ms)` : 'the panic matches nothing';
}
