import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { releaseCacheFolder } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { ClaimState, Outcome, Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { type Incident, incidentById, resolveRelease, sha256OfFile } from '@stella/incidents';
import { CommandLine, type Ran } from './cli.js';

/** An installation that answers for `stella`, however it runs. */
export interface MainJobSystem {
  readonly stella: CommandLine;
  readonly client: StellaClient;
  /** What `stella verify` is told besides the exported trust root; none for a development root. */
  readonly rootKeyOptions: readonly string[];
}

export interface Question {
  readonly candidate?: string;
  readonly claims?: readonly string[];
  readonly bundle?: string;
}

export interface Answer {
  readonly exitCode: number;
  readonly verdict: Verdict;
  /** `rule: what it bars` of each unmet rule. */
  readonly unmet: readonly string[];
}

/** The main job as a person does it. */
export class MainJob {
  constructor(private readonly system: MainJobSystem) {}

  async gate({ id, bad, good, claims: known }: Incident, { candidate = good.name, claims = known, bundle = 'answer.bundle.json' }: Question = {}): Promise<Answer> {
    const sentences = claims.length > 0 ? claims : [`fixes incident ${id}`];
    const { exitCode, answer, stderr } = await this.system.stella.run('gate', '--baseline', bad.name, '--candidate', candidate, '--baseline-runs', '--bundle', bundle, ...sentences.flatMap((claim) => ['--claim', claim]));
    if (answer === undefined) throw new Error(`no verdict, exit ${exitCode}: ${stderr}`);
    const verdict = Verdict.fromJSON(answer.verdict);
    return { exitCode, verdict, unmet: verdict.unmetRules.map(({ rule, bars }) => `${rule}: ${bars}`) };
  }

  async programOf(release: Incident['bad']): Promise<string> {
    return (await resolveRelease(release, { cacheDir: releaseCacheFolder({ STELLA_HOME: this.system.stella.folder }) })).program;
  }

  async digestOf(release: Incident['bad']): Promise<string> {
    return sha256OfFile(await this.programOf(release));
  }

  /** Without a connection: nothing but the files that are named is there to ask. */
  async verifyOffline(bundle: string, subject: string, rootKeyOptions = this.system.rootKeyOptions): Promise<Ran> {
    const { client, stella } = this.system;
    const { policies } = await client.gate.listPolicies({});
    const policySha256 = policies.find(({ name }) => name === 'policies/standard')?.sha256 ?? '';
    const trust = join(stella.folder, 'trust-exported');
    expect(await stella.run('trust', 'export', '--out', trust)).toMatchObject({ exitCode: 0 });
    const offline = new CommandLine(stella.folder, join(stella.folder, 'no-connection.json'));
    return offline.run('verify', bundle, '--trust', join(trust, 'trust-root.json'), '--revocations', join(trust, 'revocations.json'), '--subject', subject, '--policy', policySha256, ...rootKeyOptions);
  }
}

/** The verdicts on the six incidents, the same however the system runs. @param slowness by which every test may take longer */
export function mainJobTests(system: () => MainJobSystem, slowness = 1): void {
  const job = () => new MainJob(system());

  test.each(['esbuild-3205', 'esbuild-3551', 'esbuild-3052', 'esbuild-2991'])(
    '%s: the fixed release may go out with true, narrow claims; the one that still fails may not',
    async (id) => {
      const incident = incidentById(id);
      const bundle = `${id}.bundle.json`;
      const allowed = await job().gate(incident, { bundle });
      expect(allowed).toMatchObject({ exitCode: 0, unmet: [], verdict: { outcome: Outcome.OUTCOME_ALLOW, cached: false, unexplainedCount: 0 } });
      expect(allowed.verdict.claims.map(({ claim, state }) => [claim, state])).toEqual(incident.claims.map((claim) => [claim, ClaimState.CLAIM_STATE_PROVED]));

      expect(await job().verifyOffline(bundle, await job().digestOf(incident.good))).toMatchObject({ exitCode: 0, error: undefined });
      expect(await job().verifyOffline(bundle, await job().digestOf(incident.bad))).toMatchObject({ exitCode: 1 });

      const again = await job().gate(incident);
      expect(again).toMatchObject({ exitCode: 0, verdict: { name: allowed.verdict.name, bundleSha256: allowed.verdict.bundleSha256, cached: true } });

      const denied = await job().gate(incident, { candidate: incident.bad.name, claims: [`fixes incident ${id}`] });
      expect(denied).toMatchObject({ exitCode: 1, verdict: { outcome: Outcome.OUTCOME_DENY, vsa: undefined, claims: [{ state: ClaimState.CLAIM_STATE_REFUTED }] } });
      expect(denied.unmet).toEqual(['candidate-fixed: release', 'claims-not-refuted: both', 'incident-gone: both']);
    },
    180_000 * slowness,
  );

  test('a change that no claim covers is named, and a person decides', async () => {
    const incident = incidentById('esbuild-3205');
    const claims = incident.claims.filter((claim) => !claim.includes('js_printer'));
    expect(claims).toHaveLength(incident.claims.length - 1);
    const { exitCode, unmet, verdict } = await job().gate(incident, { claims });
    expect({ exitCode, unmet }).toEqual({ exitCode: 3, unmet: ['functions-explained: release'] });
    expect(verdict).toMatchObject({ outcome: Outcome.OUTCOME_REVIEW, unexplainedCount: 1, unexplained: [{ kind: 'function', change: 'semantic', displayName: 'github.com/evanw/esbuild/internal/js_printer.(*printer).printExpr' }] });
  }, 60_000 * slowness);

  test('a claim that covers everything says nothing', async () => {
    const { exitCode, unmet, verdict } = await job().gate(incidentById('esbuild-3205'), { claims: ['fixes incident esbuild-3205', 'changes **'] });
    expect({ exitCode, unmet }).toEqual({ exitCode: 3, unmet: ['claims-narrow: release', 'claims-narrow-together: release'] });
    expect(verdict.claims[1]).toMatchObject({ claim: 'changes **', breadthPpm: 1_000_000 });
  }, 60_000 * slowness);

  test('another generation of the compiler is for a person to review', async () => {
    const { exitCode, unmet, verdict } = await job().gate(incidentById('esbuild-2892'));
    expect(exitCode).toBe(3);
    expect(unmet).toEqual(['data-explained: release', 'functions-explained: release', 'linking-explained: release', 'toolchain-kept: release']);
    expect(verdict.claims).toMatchObject([{ state: ClaimState.CLAIM_STATE_PROVED, detail: 'REPRODUCED_BEFORE_FIXED_NOW' }]);
    expect(verdict.unexplainedCount).toBeGreaterThan(3_900);
  }, 120_000 * slowness);

  test('four releases of Lua at once are for a person to review', async () => {
    const { exitCode, unmet, verdict } = await job().gate(incidentById('lua-CVE-2020-24370'));
    expect(exitCode).toBe(3);
    expect(unmet).toContain('functions-explained: release');
    expect(verdict.claims).toMatchObject([{ state: ClaimState.CLAIM_STATE_PROVED }]);
  }, 120_000 * slowness);

  test('a program that ends well and does nothing has fixed nothing', async () => {
    const { folder } = system().stella;
    const [code, nothing] = [join(folder, 'nothing.c'), join(folder, 'nothing')];
    writeFileSync(code, 'int main(void) { return 0; }');
    execFileSync('gcc', ['-O2', '-static', '-o', nothing, code]);
    const { exitCode, verdict, unmet } = await job().gate(incidentById('esbuild-3205'), { candidate: nothing, claims: ['fixes incident esbuild-3205'] });
    expect(exitCode).toBe(3);
    expect(verdict.claims).toMatchObject([{ state: ClaimState.CLAIM_STATE_UNPROVED, detail: 'REPLAYS_INCONCLUSIVE' }]);
    expect(unmet).toEqual(expect.arrayContaining(['candidate-fixed: release', 'claims-proved: release', 'functions-explained: release', 'success-bound: release']));
  }, 120_000 * slowness);
}

/** A node pulls what its peers have, and says what it thinks of it. */
export async function followPeers(client: StellaClient): Promise<void> {
  const { peerings } = await client.fbpe.listPeerings({});
  expect(peerings).toHaveLength(1);
  for (const { name } of peerings) await client.fbpe.pullPeer({ peering: name }, { timeoutMs: 60_000 });
}
