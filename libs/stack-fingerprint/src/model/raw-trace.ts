export type TraceFormat = 'go-panic' | 'esbuild-pretty' | 'native' | 'unknown';

/** How a frame was found: `printed` by the program itself, the others by an unwinder, most trusted first. */
export type FrameTrust = 'printed' | 'context' | 'cfi' | 'frame-pointer' | 'scan';

export type FailureKind = 'panic' | 'runtime-error' | 'fatal' | 'stack-overflow' | 'signal' | 'unknown';

/** What ended the program, as printed. Not scrubbed: never store it. */
export interface RawFailure {
  readonly kind: FailureKind;
  /** Closed sub-type where the runtime names one, e.g. `index-out-of-range`. */
  readonly type?: string;
  readonly message: string;
  readonly signal?: string;
}

/** One frame as printed or unwound. Not scrubbed: never store it. */
export interface RawFrame {
  readonly raw: string;
  readonly function?: string;
  /** File name or base name of the loaded module. */
  readonly module?: string;
  readonly gnuBuildId?: string;
  /** Virtual address within the module's file, `0x` and lower-case hex. */
  readonly moduleOffset?: string;
  readonly file?: string;
  readonly line?: number;
  readonly inlined?: boolean;
  /** Entries of the recursion cycle that this frame stands for already. */
  readonly repeated?: number;
  readonly trust: FrameTrust;
  /** `created-by` names the function that started the thread, which is no caller. */
  readonly role: 'call' | 'created-by';
}

export interface RawThread {
  readonly label: string;
  readonly crashed: boolean;
  /** Innermost first. */
  readonly frames: readonly RawFrame[];
  /** The printer or a limit left frames out. */
  readonly truncated: boolean;
}

/** A parsed trace. It may name people and machines: only its normalised form may be stored. */
export interface RawTrace {
  readonly format: TraceFormat;
  readonly language: 'go' | 'native' | 'unknown';
  readonly failure: RawFailure;
  readonly threads: readonly RawThread[];
  /** Only for `unknown`: the text's lines. */
  readonly lines?: readonly string[];
}
