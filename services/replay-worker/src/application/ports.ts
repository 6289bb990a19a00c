import type { CapsuleOutcome, CapsuleProbe, CapsuleRequest } from '@stella/native';
import type { Tx } from '@stella/platform-database';
import type { ClosureFile, ReplayReport, ReplayRun } from '../domain/replay-report.js';
import type { ReplayOrder } from '../domain/replay-order.js';

/** Where capsules run: processes of this machine, or jobs of a cluster. */
export interface CapsuleScheduler {
  /** Capsules that may run at once; more wait for their turn. */
  readonly parallel: number;
  /** @throws DomainError, of any reason, when the run could not be made; CANCELLED when the signal says so */
  run(request: CapsuleRequest, signal: AbortSignal): Promise<CapsuleOutcome>;
  /** What the host can give, tried now. */
  probe(): Promise<CapsuleProbe>;
}

/** Where whole replays are made: in capsules of this process, or each in a job of a cluster. */
export interface Replays {
  /** Safe to repeat. @throws whatever another attempt may mend: the store, the cluster or the host's tools are away, or the worker stops */
  execute(order: ReplayOrder, stopping: AbortSignal): Promise<ReplayReport>;
}

/** The files of one replay, laid out for capsules; verified, and gone when the work is over. */
export interface Workspace {
  readonly program: string;
  readonly stdin: string | undefined;
  readonly files: readonly { readonly path: string; readonly source: string; readonly executable: boolean }[];
}

export interface Workspaces {
  /** @throws DomainError BLOB_NOT_FOUND, BLOB_DIGEST_MISMATCH, and what `work` throws */
  use<T>(order: ReplayOrder, signal: AbortSignal, work: (workspace: Workspace) => Promise<T>): Promise<T>;
}

/** The files of the host that every capsule shows to its program. */
export interface HostClosure {
  /** With their digests as of now, ordered by path. */
  describe(): Promise<readonly ClosureFile[]>;
}

export interface ReplayRecords {
  arguments(sha256: string): Promise<readonly string[]>;
  /** @returns the SHA-256 of the bytes */
  keepBytes(bytes: Uint8Array): Promise<string>;
  keepRuns(runs: readonly ReplayRun[]): Promise<string>;
}

/** One helper a fact. */
export interface ReplayFacts {
  runEnded(run: ReplayRun): void;
  completed(tx: Tx, tenant: string, replayId: string, report: ReplayReport): Promise<void>;
}
