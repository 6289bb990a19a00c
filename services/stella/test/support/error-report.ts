/** A failure as `stella --json` tells it. */
export interface ErrorReport {
  readonly reason: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly next: string;
}
