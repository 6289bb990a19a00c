import { canonicalize, sha256Hex } from '@stella/attestation';
import { isVerdict, verifyCacheKey, type VerifyResult } from '@stella/witness';
import type { Failure, OperationState } from './failure.js';
import type { Host } from './host.js';
import type { Witness } from './witness.js';

/** The figures of a verify result that are shown without opening its envelope. */
export type ResultFigures = Pick<VerifyResult, 'outcome' | 'replays' | 'successes' | 'successLowerBoundPpm' | 'canonicalVariance' | 'rawVariance'> & {
  /** The cap that most of the runs hit; empty: none. */
  readonly capHit: string;
  readonly evidenceSha256: string;
};

/** N replays of a witness on an artifact; at most one is current for a key. */
export interface Verification {
  readonly tenant: string;
  /** The cache key. */
  readonly id: string;
  readonly witnessId: string;
  readonly artifactSha256: string;
  readonly replaysRequested: number;
  readonly state: OperationState;
  /** The replay that answers, or answered, it. */
  readonly replayId: string;
  readonly failure: Failure | undefined;
  readonly result: ResultFigures | undefined;
  readonly createTime: Date;
  /** When the result stops being an answer for others. */
  readonly expireTime: Date | undefined;
}

/** By which results are judged; another rule is another key. */
const EVALUATION_POLICY = sha256Hex(canonicalize({ classes: 'stella/frvf/classes/1', stackAcrossBuilds: 'k1', carryOver: 'off' }));

export function verificationKey(witness: Witness, artifactSha256: string, replays: number, host: Host): string {
  return verifyCacheKey({
    tenant: witness.tenant,
    witnessId: witness.id,
    artifactSha256,
    closure: host.closure,
    imageSha256: null,
    runnerSha256: host.runnerSha256,
    determinism: witness.determinism,
    isolation: witness.isolation,
    // Everything else that a capsule is told is in the witness's core, and so in its id.
    knobs: [{ name: 'captureStack', value: 'true' }],
    canonicaliser: witness.canonicaliser,
    replays,
    kernel: host.kernel,
    cpuModelClass: host.cpuModelClass,
    policySha256: EVALUATION_POLICY,
  });
}

/** Whether a result may answer somebody else: it says something about the artifact, and is young enough. */
export function isCacheable({ state, result, expireTime }: Verification, now: Date): boolean {
  return state === 'done' && result !== undefined && isVerdict(result.outcome) && expireTime !== undefined && expireTime > now;
}

export function figuresOf(result: VerifyResult, evidenceSha256: string): ResultFigures {
  const { outcome, replays, successes, successLowerBoundPpm, canonicalVariance, rawVariance, capHits } = result;
  const [most] = capHits.toSorted((a, b) => b.runs - a.runs);
  return { outcome, replays, successes, successLowerBoundPpm, canonicalVariance, rawVariance, capHit: most?.cap ?? '', evidenceSha256 };
}

export function verificationName(id: string): string {
  return `verifications/${id}`;
}
