import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PREDICATE_TYPES } from '@stella/attestation';
import { releaseCacheFolder, writeConnection } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { CrossVerificationResult } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { ClaimState, Outcome, Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { type Incident, incidentById, resolveRelease, sha256OfFile } from '@stella/incidents';
import { clientOf, StellaNetwork } from '../src/index.js';
import { CommandLine, type Ran } from './support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'main-job-'));
const stella = new CommandLine(folder);
let network: StellaNetwork;
let own: StellaClient;
let partner: StellaClient;

beforeAll(async () => {
  network = await StellaNetwork.create({ nodes: 2 });
  const [first, second] = network.nodes;
  if (!first || !second) throw new Error('a network of two nodes has two nodes');
  own = clientOf(first.connection);
  partner = clientOf(second.connection);
  await writeConnection(stella.connectionPath, first.connection);
}, 1_200_000);

afterAll(async () => {
  own?.close();
  partner?.close();
  await network?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 1_200_000);

interface Question {
  readonly candidate?: string;
  readonly claims?: readonly string[];
  readonly bundle?: string;
}

interface Answer {
  readonly exitCode: number;
  readonly verdict: Verdict;
  /** `rule: what it bars` of each unmet rule. */
  readonly unmet: readonly string[];
}

async function gate({ id, bad, good, claims: known }: Incident, { candidate = good.name, claims = known, bundle = 'answer.bundle.json' }: Question = {}): Promise<Answer> {
  const sentences = claims.length > 0 ? claims : [`fixes incident ${id}`];
  const { exitCode, answer, stderr } = await stella.run('gate', '--baseline', bad.name, '--candidate', candidate, '--baseline-runs', '--bundle', bundle, ...sentences.flatMap((claim) => ['--claim', claim]));
  if (answer === undefined) throw new Error(`no verdict, exit ${exitCode}: ${stderr}`);
  const verdict = Verdict.fromJSON(answer.verdict);
  return { exitCode, verdict, unmet: verdict.unmetRules.map(({ rule, bars }) => `${rule}: ${bars}`) };
}

const digestOf = async (release: Incident['bad']): Promise<string> => sha256OfFile(await programOf(release));
const programOf = async (release: Incident['bad']): Promise<string> => (await resolveRelease(release, { cacheDir: releaseCacheFolder({ STELLA_HOME: folder }) })).program;

/** Without a connection: nothing but the files that are named is there to ask. */
async function verifyOffline(bundle: string, subject: string): Promise<Ran> {
  const { policies } = await own.gate.listPolicies({});
  const policySha256 = policies.find(({ name }) => name === 'policies/standard')?.sha256 ?? '';
  const trust = join(folder, 'trust');
  expect(await stella.run('trust', 'export', '--out', trust)).toMatchObject({ exitCode: 0 });
  const offline = new CommandLine(folder, join(folder, 'no-connection.json'));
  return offline.run('verify', bundle, '--trust', join(trust, 'trust-root.json'), '--revocations', join(trust, 'revocations.json'), '--subject', subject, '--policy', policySha256);
}

test.each(['esbuild-3205', 'esbuild-3551', 'esbuild-3052', 'esbuild-2991'])(
  '%s: the fixed release may go out with true, narrow claims; the one that still fails may not',
  async (id) => {
    const incident = incidentById(id);
    const bundle = `${id}.bundle.json`;
    const allowed = await gate(incident, { bundle });
    expect(allowed).toMatchObject({ exitCode: 0, unmet: [], verdict: { outcome: Outcome.OUTCOME_ALLOW, cached: false, unexplainedCount: 0 } });
    expect(allowed.verdict.claims.map(({ claim, state }) => [claim, state])).toEqual(incident.claims.map((claim) => [claim, ClaimState.CLAIM_STATE_PROVED]));

    expect(await verifyOffline(bundle, await digestOf(incident.good))).toMatchObject({ exitCode: 0, error: undefined });
    expect(await verifyOffline(bundle, await digestOf(incident.bad))).toMatchObject({ exitCode: 1 });

    const again = await gate(incident);
    expect(again).toMatchObject({ exitCode: 0, verdict: { name: allowed.verdict.name, bundleSha256: allowed.verdict.bundleSha256, cached: true } });

    const denied = await gate(incident, { candidate: incident.bad.name, claims: [`fixes incident ${id}`] });
    expect(denied).toMatchObject({ exitCode: 1, verdict: { outcome: Outcome.OUTCOME_DENY, vsa: undefined, claims: [{ state: ClaimState.CLAIM_STATE_REFUTED }] } });
    expect(denied.unmet).toEqual(['candidate-fixed: release', 'claims-not-refuted: both', 'incident-gone: both']);
  },
  1_800_000,
);

test('a change that no claim covers is named, and a person decides', async () => {
  const incident = incidentById('esbuild-3205');
  const claims = incident.claims.filter((claim) => !claim.includes('js_printer'));
  expect(claims).toHaveLength(incident.claims.length - 1);
  const { exitCode, unmet, verdict } = await gate(incident, { claims });
  expect({ exitCode, unmet }).toEqual({ exitCode: 3, unmet: ['functions-explained: release'] });
  expect(verdict).toMatchObject({ outcome: Outcome.OUTCOME_REVIEW, unexplainedCount: 1, unexplained: [{ kind: 'function', change: 'semantic', displayName: 'github.com/evanw/esbuild/internal/js_printer.(*printer).printExpr' }] });
}, 1_200_000);

test('a claim that covers everything says nothing', async () => {
  const { exitCode, unmet, verdict } = await gate(incidentById('esbuild-3205'), { claims: ['fixes incident esbuild-3205', 'changes **'] });
  expect({ exitCode, unmet }).toEqual({ exitCode: 3, unmet: ['claims-narrow: release', 'claims-narrow-together: release'] });
  expect(verdict.claims[1]).toMatchObject({ claim: 'changes **', breadthPpm: 1_000_000 });
}, 1_200_000);

test('another generation of the compiler is for a person to review', async () => {
  const { exitCode, unmet, verdict } = await gate(incidentById('esbuild-2892'));
  expect(exitCode).toBe(3);
  expect(unmet).toEqual(['data-explained: release', 'functions-explained: release', 'linking-explained: release', 'toolchain-kept: release']);
  expect(verdict.claims).toMatchObject([{ state: ClaimState.CLAIM_STATE_PROVED, detail: 'REPRODUCED_BEFORE_FIXED_NOW' }]);
  expect(verdict.unexplainedCount).toBeGreaterThan(3_900);
}, 1_200_000);

test('four releases of Lua at once are for a person to review', async () => {
  const { exitCode, unmet, verdict } = await gate(incidentById('lua-CVE-2020-24370'));
  expect(exitCode).toBe(3);
  expect(unmet).toContain('functions-explained: release');
  expect(verdict.claims).toMatchObject([{ state: ClaimState.CLAIM_STATE_PROVED }]);
}, 1_200_000);

test('a program that ends well and does nothing has fixed nothing', async () => {
  const [code, nothing] = [join(folder, 'nothing.c'), join(folder, 'nothing')];
  writeFileSync(code, 'int main(void) { return 0; }');
  execFileSync('gcc', ['-O2', '-static', '-o', nothing, code]);
  const { exitCode, verdict, unmet } = await gate(incidentById('esbuild-3205'), { candidate: nothing, claims: ['fixes incident esbuild-3205'] });
  expect(exitCode).toBe(3);
  expect(verdict.claims).toMatchObject([{ state: ClaimState.CLAIM_STATE_UNPROVED, detail: 'REPLAYS_INCONCLUSIVE' }]);
  expect(unmet).toEqual(expect.arrayContaining(['candidate-fixed: release', 'claims-proved: release', 'functions-explained: release', 'success-bound: release']));
}, 1_200_000);

test('a release that an administrator withdrew may not go out, whoever asks; once it is reinstated it may', async () => {
  const incident = incidentById('esbuild-3205');
  const bundle = 'before.bundle.json';
  const good = await digestOf(incident.good);
  expect(await gate(incident, { bundle })).toMatchObject({ exitCode: 0 });
  expect(await stella.run('candidate', 'withdraw', incident.good.name, '--reason', 'vulnerable', '--note', 'a secret')).toMatchObject({ exitCode: 0, answer: { withdrawal: { sha256: good, inForce: true } } });
  expect(await verifyOffline(bundle, good)).toMatchObject({ exitCode: 1, answer: { detail: 'VERDICT_WITHDRAWN' } });

  const barred = await gate(incident);
  expect(barred).toMatchObject({ exitCode: 1, unmet: ['candidate-not-withdrawn: both'], verdict: { outcome: Outcome.OUTCOME_DENY, withdrawal: { by: 'operator' } } });
  await network.settle();
  const { entries } = await own.fbpe.queryProvenance({ subjectSha256: good, pageSize: 100 });
  expect(entries.map(({ predicateType }) => predicateType)).toContain(PREDICATE_TYPES.withdrawal);

  expect(await stella.run('candidate', 'reinstate', incident.good.name, '--reason', 'mistaken')).toMatchObject({ exitCode: 0 });
  const again = await gate(incident, { bundle: 'after.bundle.json' });
  expect(again).toMatchObject({ exitCode: 0, verdict: { cached: false, supersedes: barred.verdict.name } });
  expect(await verifyOffline('after.bundle.json', good)).toMatchObject({ exitCode: 0 });
  expect(await verifyOffline(bundle, good)).toMatchObject({ exitCode: 1 });
}, 1_800_000);

test('the partner lifts both builds again and agrees; it is of the same operator, and counts for nobody', async () => {
  const incident = incidentById('esbuild-3205');
  for (const release of [incident.bad, incident.good]) await partner.uploadArtifact(await programOf(release));
  await gate(incident);
  await network.settle();
  await follow(partner);
  await follow(own);

  const { entries } = await own.fbpe.queryProvenance({ subjectSha256: await digestOf(incident.good), pageSize: 100 });
  const words = entries.flatMap(({ crossVerifications }) => crossVerifications);
  expect(words).toContainEqual(
    expect.objectContaining({ organisation: 'node-2.test', method: 'deep-re-lift', result: CrossVerificationResult.CROSS_VERIFICATION_RESULT_AGREES, sameOperator: true }),
  );
  expect(words.filter(({ sameOperator }) => !sameOperator)).toEqual([]);
  const { verdict } = await gate(incident);
  expect(verdict.facts.find(({ name }) => name === 'cross_verifications_independent')).toMatchObject({ value: '0' });
}, 1_200_000);

/** A node pulls what its peers have, and says what it thinks of it. */
async function follow(client: StellaClient): Promise<void> {
  const { peerings } = await client.fbpe.listPeerings({});
  expect(peerings).toHaveLength(1);
  for (const { name } of peerings) await client.fbpe.pullPeer({ peering: name }, { timeoutMs: 1_200_000 });
}
