export const limits = {
  replaysMax: 1_000,
  /** Of each stream that is made canonical. */
  outputBytesMax: 64 << 20,
  argumentsMax: 1_000,
  argumentBytesMax: 65_536,
} as const;
