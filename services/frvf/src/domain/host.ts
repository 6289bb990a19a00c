/** What the outcome of a run depends on besides the witness and the artifact. */
export interface Host {
  readonly runnerSha256: string;
  readonly kernel: string;
  readonly cpuModelClass: string;
  /** Every file of the host that a program in a capsule sees. */
  readonly closure: readonly { readonly path: string; readonly sha256: string }[];
}
