/** How much of a file's beginning `archiveKind` needs. */
export const HEAD_BYTES = 512;

const TAR_MAGIC_OFFSET = 257;
const MAGICS: readonly (readonly [string, string, number])[] = [
  ['zip', '504b0304', 0],
  ['zip', '504b0506', 0],
  ['zip', '504b0708', 0],
  ['gzip', '1f8b', 0],
  ['xz', 'fd377a585a00', 0],
  ['zstd', '28b52ffd', 0],
  ['bzip2', '425a68', 0],
  ['7z', '377abcaf271c', 0],
  ['rar', '526172211a07', 0],
  ['lz4', '04224d18', 0],
  ['cab', '4d534346', 0],
  ['ar', '213c617263683e0a', 0],
  ['tar', '7573746172', TAR_MAGIC_OFFSET],
];

/** Which archive or compressed stream a file begins like, by what its format's specification calls its magic. */
export function archiveKind(head: Uint8Array): string | undefined {
  const hex = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, HEAD_BYTES)).toString('hex');
  return MAGICS.find(([, magic, offset]) => hex.startsWith(magic, offset * 2))?.[0];
}

export function isElf(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 4)).equals(Buffer.from('7f454c46', 'hex'));
}
