/** Where text goes. */
export interface TextSink {
  write(text: string): unknown;
}

/** All that a command has of the process that it runs in; tests give their own. */
export interface CliIo {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Absent: nothing can be read from it. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths are relative to it. */
  readonly cwd: string;
  /** Whether a person watches standard error. */
  readonly isTty: boolean;
  readonly now: () => Date;
  /** Ends what is under way, e.g. on Ctrl-C. */
  readonly signal?: AbortSignal;
}
