export interface CapsuleCaps {
  readonly cpuMs?: number;
  readonly wallMs?: number;
  /** Resident, all processes together. */
  readonly memoryBytes?: number;
  readonly pids?: number;
  readonly diskBytes?: number;
  /** Each of stdout and stderr. */
  readonly outputBytes?: number;
  readonly openFiles?: number;
}

/** One run of one program; what is left out takes the capsule's default. Paths are absolute. */
export interface CapsuleRequest {
  readonly program: string;
  /** Where the program sees itself. */
  readonly programPath?: string;
  readonly args?: readonly string[];
  /** The only environment that the program sees, besides LC_ALL and TZ. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: 'empty' | { readonly path: string } | { readonly base64: string };
  readonly files?: readonly { readonly path: string; readonly source: string; readonly executable?: boolean }[];
  /** Host paths visible read-only at the same path. */
  readonly closure?: readonly string[];
  readonly clock?: { readonly epochNs: bigint; readonly tickNs: bigint };
  readonly seeds?: { readonly random: bigint };
  readonly hostname?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly locale?: string;
  readonly tz?: string;
  readonly caps?: CapsuleCaps;
  readonly determinism?: 'D1';
  readonly isolation?: 'I1';
  readonly captureStack?: boolean;
}

export type CapsuleExit = { readonly code: number } | { readonly signal: number };
export type CapsuleCap = 'wall' | 'cpu' | 'memory' | 'output' | 'pids' | 'disk';

export interface CapsuleStream {
  readonly base64: string;
  readonly sizeBytes: number;
  /** Of the bytes handed back, lower-case hex. */
  readonly sha256: string;
  readonly truncated: boolean;
}

export interface CapsuleFrame {
  readonly pc: string;
  readonly module: string | null;
  /** Virtual address within the module's file. */
  readonly moduleOffset: string | null;
  readonly gnuBuildId: string | null;
  readonly symbol: string | null;
  readonly trust: 'context' | 'cfi' | 'frame-pointer' | 'scan';
}

export interface CapsuleThreadStack {
  readonly tid: number;
  readonly crashed: boolean;
  readonly signal: number | null;
  readonly siCode: number | null;
  readonly faultAddress: string | null;
  readonly registers: { readonly pc: string; readonly sp: string; readonly fp: string };
  readonly frames: readonly CapsuleFrame[];
  /** Why the walk ended. */
  readonly ended: string;
}

/** What a run handed back. Only `measured` varies from run to run by nature. */
export interface CapsuleOutcome {
  readonly exit: CapsuleExit;
  readonly capHit: CapsuleCap | null;
  readonly stdout: CapsuleStream;
  readonly stderr: CapsuleStream;
  readonly measured: {
    readonly wallMs: number;
    readonly cpuMs: number;
    readonly maxRssBytes: number;
    readonly setupMs: number;
    readonly stops: number;
  };
  /** Each pin of the determinism level: `pinned`, or `not-pinned: <why>`. */
  readonly pins: Readonly<Record<string, string>>;
  readonly unpinned: readonly string[];
  readonly nonDeterminism: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly threads: number;
  readonly stack: { readonly threads: readonly CapsuleThreadStack[] } | null;
  readonly modules: readonly { readonly path: string; readonly base: string; readonly gnuBuildId: string | null }[];
  /** The level reached; null when a pin of the level asked for did not take hold. */
  readonly determinism: 'D1' | null;
  readonly isolation: 'I1';
  readonly enforcedBy: Readonly<Record<string, string>>;
  readonly kernel: string;
  readonly cpuModelClass: string;
}

/** Each mechanism is `available`, or the reason why not. */
export interface CapsuleProbe {
  readonly namespaces: Readonly<Record<string, string>>;
  readonly seccomp: string;
  readonly ptrace: string;
  readonly personality: string;
  readonly tsc: string;
  readonly mountSetattr: string;
  readonly cgroup: string;
  readonly kernel: string;
  readonly cpuModelClass: string;
  /** The levels that a run can be expected to reach; null: none. */
  readonly isolation: 'I1' | null;
  readonly determinism: 'D1' | null;
}
