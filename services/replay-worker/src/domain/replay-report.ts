import type { Cap, Exit } from '@stella/witness';

/** What the outcome of a run depends on besides the witness and the artifact. */
export interface Host {
  readonly runnerSha256: string;
  readonly kernel: string;
  readonly cpuModelClass: string;
  /** Every file of the host that a program in a capsule sees, ordered by path. */
  readonly closure: readonly ClosureFile[];
}

export interface ClosureFile {
  readonly path: string;
  readonly sha256: string;
}

export interface OutputBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly truncated: boolean;
}

/** What the program did in one run; its output is kept as blobs. */
export interface RunOutcome {
  readonly exit: Exit;
  readonly capHit: Cap | null;
  readonly stdout: OutputBlob;
  readonly stderr: OutputBlob;
  /** Empty: none was taken. */
  readonly stackSha256: string;
  readonly pins: Readonly<Record<string, string>>;
  readonly nonDeterminism: Readonly<Record<string, number>>;
  readonly threads: number;
  /** Empty when a pin did not take hold. */
  readonly determinism: string;
  readonly isolation: string;
  readonly measured: { readonly wallMs: number; readonly cpuMs: number; readonly maxRssBytes: number };
}

/** Why something could not be run; never the program's own failure. */
export interface Failure {
  readonly reason: string;
  readonly detail: string;
}

export type ReplayRun = { readonly runId: string } & ({ readonly outcome: RunOutcome } | { readonly failure: Failure });

/** What came of a replay: its runs, or why there are none. */
export type ReplayReport =
  | { readonly outcomesSha256: string; readonly runs: readonly ReplayRun[]; readonly host: Host }
  | { readonly failure: Failure };
