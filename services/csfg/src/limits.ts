/** Every bound of this service beside those of the proto and of the fingerprint library. */
export const limits = {
  /** UTF-8 size of a stack, as it is sent and as it is stored. */
  sourceBytesMax: 1 << 20,
  matchesDefault: 10,
  matchesMax: 50,
  pageSizeDefault: 100,
  pageSizeMax: 1_000,
  /** What one tenant's index holds in memory. */
  stacksPerTenantMax: 1_000_000,
  /** Addresses asked of the marketplace at once. */
  symbolLocationsMax: 1_000,
  symbolizeTimeoutMs: 10_000,
  /** Stacks read at once when an index catches up or a pack is published. */
  batchStacks: 200,
} as const;
