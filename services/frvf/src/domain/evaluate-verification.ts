import { buildVerifyResult, type MicroWitness, observe, type Pin, type ReplayRun, type VerifyResult } from '@stella/witness';
import { type CrashStack, identityOf } from './crash-stack.js';
import type { Host } from './host.js';
import { madeRuns, type ReplayedRun } from './replayed-run.js';

export interface EvaluationInput {
  readonly tenant: string;
  readonly witness: MicroWitness;
  /** As it was recorded. */
  readonly stack: CrashStack | undefined;
  readonly artifactSha256: string;
  readonly cacheKey: string;
  readonly replaysRequested: number;
  readonly isolation: 'I1';
  readonly host: Host;
  readonly runs: readonly ReplayedRun[];
}

const REASON_CHARS_MAX = 256;
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** What N replays say about the artifact. @throws DomainError VERIFY_RESULT_INVALID, SCHEMA_INVALID */
export function evaluateVerification(input: EvaluationInput): VerifyResult {
  const { witness, host, runs, artifactSha256, tenant, cacheKey, replaysRequested, isolation } = input;
  const { core } = witness;
  return buildVerifyResult({
    tenant,
    witnessId: witness.witnessId,
    artifactSha256,
    cacheKey,
    replaysRequested,
    canonicaliser: core.expectedFailure.canonicaliser,
    determinism: weakest(runs),
    isolation,
    pins: pinsOf(runs),
    runnerSha256: host.runnerSha256,
    kernel: host.kernel,
    cpuModelClass: host.cpuModelClass,
    runs: runs.map((run) => toRun(run, input)),
  });
}

function toRun(run: ReplayedRun, { witness: { core }, stack, artifactSha256 }: EvaluationInput): ReplayRun {
  const { runId } = run;
  if ('failure' in run) return { runId, observation: 'not-run', rawSha256: null, canonicalSha256: null, capHit: null };
  // Fingerprints are of one version of the normaliser: the recorded stack is fingerprinted by today's, as the runs are.
  const stackFingerprint = identityOf(stack);
  const failure = { ...core.expectedFailure, ...(stackFingerprint !== undefined && { stackFingerprint }) };
  const { canonical, canonicalSha256, rawSha256 } = run.shown;
  const observation = observe(canonical, { failure, passPredicate: core.passPredicate, sameArtifact: artifactSha256 === core.artifact.sha256 });
  return { runId, observation, rawSha256, canonicalSha256, capHit: canonical.capHit };
}

function weakest(runs: readonly ReplayedRun[]): 'none' | 'D1' {
  const made = madeRuns(runs);
  return made.length > 0 && made.every((run) => run.made.determinism === 'D1') ? 'D1' : 'none';
}

/** A pin that one run lost is lost. */
function pinsOf(runs: readonly ReplayedRun[]): readonly Pin[] {
  const states = new Map<string, string>();
  for (const run of madeRuns(runs)) {
    for (const [name, state] of Object.entries(run.made.pins)) if ((states.get(name) ?? 'pinned') === 'pinned') states.set(name, state);
  }
  return [...states].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, state]): Pin => {
    if (state === 'pinned') return { name, state, reason: '' };
    return { name, state: 'not-pinned', reason: state.replace(/^not-pinned: ?/, '').replace(CONTROL, ' ').slice(0, REASON_CHARS_MAX) };
  });
}
