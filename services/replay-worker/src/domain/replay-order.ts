/** One replay to be made: what `replay-requested` says. */
export interface ReplayOrder {
  readonly replayId: string;
  readonly artifactSha256: string;
  readonly setup: CapsuleSetup;
  readonly determinism: string;
  readonly isolation: string;
  readonly replays: number;
  readonly canonicaliser: string;
  readonly notRunMax: number;
  readonly captureStack: boolean;
  readonly deadline: Date;
}

/** What a capsule is told but for the program; bytes are blobs. */
export interface CapsuleSetup {
  readonly programPath: string;
  readonly argumentsSha256: string;
  /** Empty: nothing on standard input. */
  readonly stdinSha256: string;
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly executable: boolean }[];
  readonly environment: Readonly<Record<string, string>>;
  readonly seeds: Readonly<Record<string, bigint>>;
  readonly clock: { readonly epochNs: bigint; readonly tickNs: bigint };
  readonly locale: string;
  readonly timeZone: string;
  readonly hostname: string;
  readonly uid: number;
  readonly gid: number;
  readonly caps: {
    readonly cpuMs: number;
    readonly wallMs: number;
    readonly memoryBytes: number;
    readonly pids: number;
    readonly diskBytes: number;
    readonly outputBytes: number;
    readonly openFiles: number;
  };
}
