/** What the commands read, wait for and print at most. */
export const limits = {
  connectionBytesMax: 64 << 10,
  keyBytesMax: 64 << 10,
  documentBytesMax: 16 << 20,
  bundleBytesMax: 256 << 20,
  stackBytesMax: 1 << 20,
  stdinBytesMax: 1 << 20,
  inputFileBytesMax: 1 << 20,
  manifestBytesMax: 1 << 20,
  /** A program that is registered; a file of a pack. */
  artifactBytesMax: 512 << 20,
  /** One answer of the service while it waits. */
  waitMs: 30_000,
  /** A recording or a verification as a whole. */
  workMsMax: 15 * 60_000,
  pulledFileBytesMax: 4 * 1024 ** 3,
  unexplainedShown: 20,
  changesShown: 20,
  rowsMax: 10_000,
  clockSkewMs: 30_000,
  probeMs: 10_000,
} as const;
