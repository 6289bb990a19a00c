import { canonicalDigest, canonicalOutcome, type Cap, type CanonicalOutcome, type Exit, rawDigest } from '@stella/witness';
import { type CrashStack, crashStackOf, identityOf } from './crash-stack.js';
import type { Failure } from './failure.js';

/** What a worker tells of a run that was made; its output has been read. */
export interface MadeRun {
  readonly exit: Exit;
  readonly capHit: Cap | null;
  readonly pins: Readonly<Record<string, string>>;
  readonly nonDeterminism: Readonly<Record<string, number>>;
  /** Empty when a pin did not take hold. */
  readonly determinism: string;
  readonly isolation: string;
}

/** What a run showed, reduced to what is compared. */
export interface Shown {
  readonly canonical: CanonicalOutcome;
  readonly canonicalSha256: string;
  readonly rawSha256: string;
  readonly stack: CrashStack | undefined;
}

export type ReplayedRun = { readonly runId: string } & ({ readonly made: MadeRun; readonly shown: Shown } | { readonly failure: Failure });
export type RunThatWasMade = Extract<ReplayedRun, { made: MadeRun }>;

export interface Output {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly unwound: Uint8Array | undefined;
}

/** @throws DomainError CANONICALISER_UNKNOWN, OUTPUT_TOO_LARGE */
export function show({ exit, capHit }: Pick<MadeRun, 'exit' | 'capHit'>, output: Output, canonicaliser: string): Shown {
  const stack = crashStackOf({ exit, stderr: output.stderr, unwound: output.unwound });
  const stackFingerprint = identityOf(stack);
  const run = { exit, capHit, stdout: output.stdout, stderr: output.stderr, ...(stackFingerprint !== undefined && { stackFingerprint }) };
  const canonical = canonicalOutcome(run, canonicaliser);
  return { canonical, canonicalSha256: canonicalDigest(canonical), rawSha256: rawDigest(run), stack };
}

export function madeRuns(runs: readonly ReplayedRun[]): readonly RunThatWasMade[] {
  return runs.filter((run): run is RunThatWasMade => 'made' in run);
}

/** Why the last of the runs that could not be made was not. */
export function lastFailure(runs: readonly ReplayedRun[]): Failure | undefined {
  return runs.flatMap((run) => ('failure' in run ? [run.failure] : [])).at(-1);
}
