import { sha256Hex } from '@stella/attestation';
import { canonicaliser, type Output } from './canonicalise/canonicaliser.js';
import { domainDigest } from './digest.js';

export type Exit = { readonly code: number } | { readonly signal: number };
export type Cap = 'wall' | 'cpu' | 'memory' | 'output' | 'pids' | 'disk';

/** What one run did, without what a clock or counter measured. */
export interface RunOutcome extends Output {
  readonly exit: Exit;
  /** The cap that ended or limited the run. */
  readonly capHit: Cap | null;
  /** Level and digest of the crash's stack, as in `k1:<hex>`, where one was taken. */
  readonly stackFingerprint?: string;
}

/** What runs are compared by. */
export interface CanonicalOutcome {
  readonly exit: Exit;
  readonly capHit: Cap | null;
  /** Of the canonical output. */
  readonly stdoutSha256: string;
  readonly stderrSha256: string;
  readonly stackFingerprint?: string;
}

/** The failure that a witness stands for. */
export interface ExpectedFailure extends CanonicalOutcome {
  readonly canonicaliser: string;
}

/** Reduces a run to what it is compared by. @throws DomainError CANONICALISER_UNKNOWN, OUTPUT_TOO_LARGE */
export function canonicalOutcome(run: RunOutcome, canonicaliserId: string): CanonicalOutcome {
  const { stdout, stderr } = canonicaliser(canonicaliserId)(run);
  return outcomeOf(run, stdout, stderr);
}

/** Digest of a run as it was, nothing made canonical: what the raw variance counts. */
export function rawDigest(run: RunOutcome): string {
  return domainDigest('stella/frvf/raw-outcome/1', outcomeOf(run, run.stdout, run.stderr));
}

export function canonicalDigest(outcome: CanonicalOutcome): string {
  return domainDigest('stella/frvf/canonical-outcome/1', outcome);
}

/**
 * Whether a run fails as the witness says. On the artifact that it was recorded on, everything must be equal. Another
 * build may print other line numbers and has other addresses: there the stack's functions decide where both sides have
 * them, else the output.
 */
export function failsAsExpected(outcome: CanonicalOutcome, expected: ExpectedFailure, sameArtifact: boolean): boolean {
  if (!sameExit(outcome.exit, expected.exit) || outcome.capHit !== expected.capHit) return false;
  const sameOutput = outcome.stdoutSha256 === expected.stdoutSha256 && outcome.stderrSha256 === expected.stderrSha256;
  const [ours, theirs] = [outcome.stackFingerprint, expected.stackFingerprint];
  if (sameArtifact) return sameOutput && ours === theirs;
  const named = ours?.startsWith('k1:') && theirs?.startsWith('k1:');
  return named ? ours === theirs : sameOutput;
}

function sameExit(a: Exit, b: Exit): boolean {
  return 'code' in a ? 'code' in b && a.code === b.code : 'signal' in b && a.signal === b.signal;
}

function outcomeOf(run: RunOutcome, stdout: Uint8Array, stderr: Uint8Array): CanonicalOutcome {
  return {
    exit: 'code' in run.exit ? { code: run.exit.code } : { signal: run.exit.signal },
    capHit: run.capHit,
    stdoutSha256: sha256Hex(stdout),
    stderrSha256: sha256Hex(stderr),
    ...(run.stackFingerprint !== undefined && { stackFingerprint: run.stackFingerprint }),
  };
}
