import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { publicKeyToPem } from '@stella/attestation';
import { releaseCacheFolder, writeConnection } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { type Incident, incidentById, resolveRelease, sha256OfFile } from '@stella/incidents';
import { clientOf, StellaNetwork } from '@stella/stella';
import { promtoolFiles } from '../../deploy/monitoring/test/promtool-file.js';
import { RULE_CASES } from '../../deploy/monitoring/test/rule-cases.js';
import { CommandLine } from '../../services/stella/test/support/cli.js';
import { installPrometheus, loadRules, scrape, useServers } from '../servers/index.mjs';
import { PrometheusApi } from './support/prometheus.js';

const MONITORING = join(import.meta.dirname, '../../deploy/monitoring');
const RULES = join(MONITORING, 'rules/stella.rules.yaml');
const folder = mkdtempSync(join(tmpdir(), 'monitoring-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface PanelModel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly panels?: readonly PanelModel[];
}

/** Every query of every board, as somebody who looks at all jobs would send it; compared with as far back as there is something. */
function boardQueries(): { readonly board: string; readonly panel: string; readonly expr: string }[] {
  return readdirSync(join(MONITORING, 'dashboards')).flatMap((board) => {
    const { panels } = JSON.parse(readFileSync(join(MONITORING, 'dashboards', board), 'utf8')) as { panels: PanelModel[] };
    const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
    return all.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ board, panel: title, expr: expr.replaceAll('$__rate_interval', '2m').replaceAll('offset $__range', 'offset 5s').replaceAll('$__range', '30m').replaceAll('$job', '.+') })),
    );
  });
}

test('promtool: every alert is on when it must be, and off when it must not', async () => {
  const promtool = join(await installPrometheus(), 'promtool');
  const check = execFileSync(promtool, ['check', 'rules', RULES], { encoding: 'utf8' });
  expect(check).toContain('SUCCESS');
  const groups = [...readFileSync(RULES, 'utf8').matchAll(/^ {2}- name: (\S+)$/gm)].map(([, name = '']) => name);
  const files = promtoolFiles(RULES, groups, RULE_CASES).map((text, at) => {
    const file = join(folder, `cases-${at}.yaml`);
    writeFileSync(file, text);
    return file;
  });
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) expect(execFileSync(promtool, ['test', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS');
}, 300_000);

describe('on a Prometheus that scrapes a running system', () => {
  const stella = new CommandLine(folder);
  let network: StellaNetwork;
  let own: StellaClient;
  let partner: StellaClient;
  let api: PrometheusApi;

  beforeAll(async () => {
    const { prometheus } = await useServers(['prometheus']);
    api = new PrometheusApi(prometheus.url);
    network = await StellaNetwork.create({ nodes: 2, pullIntervalMs: 500 });
    const [first, second] = network.nodes;
    if (!first || !second) throw new Error('a network of two nodes has two nodes');
    own = clientOf(first.connection);
    partner = clientOf(second.connection);
    await writeConnection(stella.connectionPath, first.connection);
    scrape(network.nodes.map(({ installation, connection }) => ({ job: `stella-${installation.organisation}`, targets: [new URL(connection.httpAddress).host] })));
    await loadRules(prometheus.url, { 'stella.rules.yaml': readFileSync(RULES, 'utf8') });
    await api.until('stella_build_info', 30_000);
    // Twice: what is counted for the first time has no increase yet.
    for (const id of ['esbuild-3205', 'esbuild-3551']) {
      await work(incidentById(id));
      await delay(3_000);
    }
  }, 600_000);

  afterAll(async () => {
    own?.close();
    partner?.close();
    scrape([]);
    await network?.stop();
  }, 60_000);

  test('no query of a board is empty, and none is wrong', async () => {
    const empty: string[] = [];
    const queries = boardQueries();
    for (const { board, panel, expr } of queries) {
      const answers = await api.query(expr).catch((error: Error) => error);
      if (answers instanceof Error || !answers.some(({ value }) => Number.isFinite(value))) empty.push(`${board}: ${panel}: ${answers instanceof Error ? answers.message : 'empty'}: ${expr}`);
    }
    expect(empty).toEqual([]);
    expect(queries.length).toBeGreaterThan(80);
  }, 120_000);

  test('all rules can be evaluated, and nothing is on after the main job has gone well', async () => {
    expect(await api.failingRules()).toEqual([]);
    expect((await api.query('ALERTS{alertstate="firing"}')).map(({ labels }) => labels['alertname'])).toEqual([]);
  }, 60_000);

  /** One whole release decision, with all that stands around it. */
  async function work(incident: Incident): Promise<void> {
    const [bad, good] = await Promise.all([incident.bad, incident.good].map(async (release) => (await resolveRelease(release, { cacheDir: releaseCacheFolder({ STELLA_HOME: folder }) })).program));
    if (bad === undefined || good === undefined) throw new Error('an incident has two releases');
    await publish(incident, bad);
    for (const program of [bad, good]) await partner.uploadArtifact(program);
    const question = ['gate', '--baseline', incident.bad.name, '--candidate', incident.good.name, '--baseline-runs', '--bundle', 'answer.json', ...incident.claims.flatMap((claim) => ['--claim', claim])];
    for (const _ of ['computed', 'cached']) expect(await stella.run(...question)).toMatchObject({ exitCode: 0 });
    // A person has to look: some change has no claim.
    expect(await stella.run('gate', '--baseline', incident.bad.name, '--candidate', incident.good.name, '--baseline-runs', '--bundle', 'review.json', '--claim', `fixes incident ${incident.id}`)).toMatchObject({ exitCode: 3 });
    expect(await stella.run('delta', 'prove', incident.bad.name, incident.good.name, '--out', 'delta.json')).toMatchObject({ exitCode: 0 });
    for (const deep of [[], ['--deep']]) expect(await stella.run('delta', 'verify', 'delta.json', ...deep)).toMatchObject({ exitCode: 0 });
    await match(incident);
    await network.settle();
    for (const client of [partner, own]) {
      const { peerings } = await client.fbpe.listPeerings({});
      for (const { name } of peerings) await client.fbpe.pullPeer({ peering: name }, { timeoutMs: 60_000 });
    }
    await own.fbpe.queryProvenance({ subjectSha256: await sha256OfFile(good), pageSize: 100 });
    expect(await stella.run('candidate', 'withdraw', incident.good.name, '--reason', 'vulnerable')).toMatchObject({ exitCode: 0 });
    await network.settle();
  }

  async function publish(incident: Incident, program: string): Promise<void> {
    const node = network.nodes[0];
    writeFileSync(join(folder, 'publisher.pem'), node?.installation.keys.publisher.toPem() ?? '', { mode: 0o600 });
    if (node) writeFileSync(join(folder, 'publisher.pub.pem'), publicKeyToPem(node.installation.keys.publisher.publicKey));
    const file = join(folder, incident.bad.name.replaceAll(/[^a-z0-9.]/g, '-'));
    writeFileSync(file, readFileSync(program));
    for (const argv of [
      ['pack', 'init', file, '--name', 'own/esbuild', '--pack-version', incident.bad.name.split('@')[1] ?? '', '--licence', 'MIT', '--out', 'manifest.json'],
      ['pack', 'sign', 'manifest.json', '--key', 'publisher.pem', '--out', 'manifest.dsse.json'],
      ['pack', 'publish', 'manifest.dsse.json', '--public-key', 'publisher.pub.pem'],
    ]) {
      expect(await stella.run(...argv)).toMatchObject({ exitCode: 0 });
    }
    const http = node?.connection.httpAddress ?? '';
    for (const id of ['0'.repeat(40), 'f'.repeat(40)]) expect((await fetch(`${http}/buildid/${id}/debuginfo`)).status).toBe(404);
  }

  async function match(incident: Incident): Promise<void> {
    const { witnesses } = await own.frvf.listWitnesses({ incident: `incidents/${incident.id}` });
    const { witness } = await own.frvf.getWitness({ name: witnesses[0]?.name ?? '' });
    const text = Buffer.from(witness?.stack ?? []).toString('utf8');
    expect((await own.csfg.matchStack({ query: { $case: 'source', value: { source: { $case: 'text', value: text } } } })).matches).not.toHaveLength(0);
  }
});
