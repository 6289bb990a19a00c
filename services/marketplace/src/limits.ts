/** Every bound of this service beside those of the proto, the manifest's schema and the blob store. */
export const limits = {
  namespacesPerTenantMax: 100,
  keysPerNamespaceMax: 100,
  /** What the reader of binaries takes. */
  fileSizeBytesMax: 512 * 2 ** 20,
  packSizeBytesMax: 4 * 2 ** 30,
  openUploadsPerTenantMax: 100,
  uploadedBytesPerTenantMax: 64 * 2 ** 30,
  uploadLifetimeMs: 24 * 3_600_000,
  /** So long after its end an upload that made no pack is still answered with UPLOAD_EXPIRED, and one that is being finalized keeps its row. */
  uploadTombstoneMs: 24 * 3_600_000,
  envelopeBytesMax: 1 << 20,
  chunkBytesMax: 65_536,
  /** A file that was read by a child process. */
  identify: { timeoutMs: 20_000, cpuSecondsMax: 10, memoryBytesMax: 2 ** 30, outputBytesMax: 1 << 20 },
  symbolize: { timeoutMs: 30_000, cpuSecondsMax: 20, memoryBytesMax: 2 * 2 ** 30, outputBytesMax: 32 << 20 },
  /** Child processes at the same time. */
  nativeProcessesMax: 2,
  validationTimeoutMs: 600_000,
  elfSectionsMax: 65_536,
  sectionNameBytesMax: 256,
  /** What compressed debug sections may unpack to: this much anyway, and beyond it this many times the file. */
  decompressedBytesFloor: 64 << 20,
  decompressedRatioMax: 100,
  findingsPerCheckMax: 20,
  findingDetailCharsMax: 1_000,
  /** Names kept in memory by file and address. */
  symbolCacheEntriesMax: 100_000,
  addressesPerCallMax: 1_000,
  pageSizeDefault: 50,
  pageSizeMax: 100,
  searchWordsMax: 16,
  indexRowsPerRead: 10_000,
  publicationPollMs: 5_000,
  packCountIntervalMs: 30_000,
  /** Sent with its head as one piece: a packet less. */
  sentAtOnceBytesMax: 256 << 10,
  /** Small files that were asked for last, kept in memory. */
  hotFilesBytesMax: 64 << 20,
  /** A withdrawn file is still served by caches for so long. */
  hitCacheSeconds: 3_600,
  missCacheSeconds: 30,
} as const;
