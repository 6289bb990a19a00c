/** What a backup may be at most when it is read. */
export const limits = {
  manifestBytesMax: 256 << 10,
  /** 140 bytes a blob: nearly two million of them. */
  listBytesMax: 256 << 20,
  pathCharsMax: 500,
  emptyFoldersMax: 1_000,
  keyFileBytesMax: 64 << 10,
  keyFilesMax: 1_000,
} as const;
