import type { Cap } from '@stella/witness';
import type { CrashStack } from './crash-stack.js';
import type { DraftCore } from './draft-core.js';
import type { Failure, OperationState } from './failure.js';

/** A witness that was recorded. */
export interface Witness {
  readonly tenant: string;
  /** BLAKE3 of its core. */
  readonly id: string;
  readonly incidentId: string;
  readonly artifactSha256: string;
  readonly canonicaliser: string;
  readonly determinism: string;
  readonly determinismReason: string;
  readonly isolation: string;
  /** Of the signed envelope, a blob. */
  readonly evidenceSha256: string;
  readonly stack: CrashStack | undefined;
  readonly createTime: Date;
}

/** The work of making a witness; what comes of it may be a witness that was there before. */
export interface Recording {
  readonly tenant: string;
  readonly id: string;
  /** Of all that decides what comes of it. */
  readonly key: string;
  readonly draft: DraftCore;
  readonly canonicaliser: string;
  readonly isolation: string;
  readonly expectedCap: Cap | null;
  readonly state: OperationState;
  readonly witnessId: string | undefined;
  readonly failure: Failure | undefined;
  readonly createTime: Date;
}

export function witnessName(id: string): string {
  return `witnesses/${id}`;
}

export function recordingName(id: string): string {
  return `witnesses/recording-${id}`;
}
