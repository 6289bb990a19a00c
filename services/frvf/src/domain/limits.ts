/** What the rules of this service bound. */
export const limits = {
  /** Arguments and environment together, as the capsule has it. */
  argumentBytesMax: 512 << 10,
  /** Standard input and files together, as the capsule has it. */
  inputBytesMax: 64 << 20,
  /** Of a witness's stack: an event carries it. */
  stackBytesMax: 256 << 10,
  detailCharsMax: 2_000,
} as const;
