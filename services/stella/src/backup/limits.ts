/** What a backup may be at most when it is read. */
export const limits = {
  manifestBytesMax: 256 << 10,
  /** 100 bytes a file. */
  listBytesMax: 1 << 30,
  filesMax: 5_000_000,
  pathCharsMax: 500,
  emptyFoldersMax: 1_000,
  keyFileBytesMax: 64 << 10,
  keyFilesMax: 1_000,
} as const;
