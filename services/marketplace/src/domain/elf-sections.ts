import { DomainError } from '@stella/errors';

/** Reads exactly `length` bytes, or fewer where the file ends. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

export interface ElfSection {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
  /** The file holds its bytes. */
  readonly hasBytes: boolean;
  readonly isCode: boolean;
  readonly isCompressed: boolean;
}

export interface ElfLimits {
  readonly sectionsMax: number;
  readonly nameBytesMax: number;
}

const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const SHT_NULL = 0;
const SHT_NOBITS = 8;
const SHF_EXECINSTR = 0x4n;
const SHF_COMPRESSED = 0x800n;
const SHN_XINDEX = 0xffff;
const NAME_TABLE_BYTES_MAX = 16 << 20;

/**
 * The section headers of a little-endian ELF64 file (System V gABI, chapter 4), the null one left out. A section that
 * claims bytes outside of the file is refused.
 * @throws DomainError PACK_FORMAT_INVALID
 */
export async function readElfSections(readAt: ReadAt, fileSizeBytes: number, limits: ElfLimits): Promise<readonly ElfSection[]> {
  const header = await readAt(0, HEADER_BYTES);
  const isElf64Little = header.length === HEADER_BYTES && header.subarray(0, 6).equals(Buffer.from('7f454c460201', 'hex'));
  if (!isElf64Little) throw invalid('not a little-endian ELF64 file');
  const tableOffset = toOffset(header.readBigUInt64LE(0x28), fileSizeBytes);
  if (tableOffset === 0) return [];
  if (header.readUInt16LE(0x3a) !== SECTION_HEADER_BYTES) throw invalid('section headers of an unknown size');
  const first = await readAt(tableOffset, SECTION_HEADER_BYTES);
  if (first.length < SECTION_HEADER_BYTES) throw invalid('section headers outside of the file');
  const count = header.readUInt16LE(0x3c) || Number(first.readBigUInt64LE(0x20));
  if (count > limits.sectionsMax) throw invalid(`more than ${limits.sectionsMax} sections`);
  const table = await readAt(tableOffset, count * SECTION_HEADER_BYTES);
  if (table.length < count * SECTION_HEADER_BYTES) throw invalid('section headers outside of the file');
  const namesIndex = header.readUInt16LE(0x3e) === SHN_XINDEX ? first.readUInt32LE(0x28) : header.readUInt16LE(0x3e);
  const names = await readNames(readAt, table, namesIndex, fileSizeBytes);
  return Array.from({ length: count }, (_, index) => table.subarray(index * SECTION_HEADER_BYTES, (index + 1) * SECTION_HEADER_BYTES))
    .filter((entry) => entry.readUInt32LE(4) !== SHT_NULL)
    .map((entry) => toSection(entry, names, fileSizeBytes, limits));
}

/** A file that holds no byte of the code that it describes is split debug information (`objcopy --only-keep-debug`). */
export function holdsCode(sections: readonly ElfSection[]): boolean {
  const code = sections.filter(({ isCode, sizeBytes }) => isCode && sizeBytes > 0);
  return code.length === 0 ? sections.length === 0 : code.some(({ hasBytes }) => hasBytes);
}

/** What the compressed sections say they unpack to, in bytes (Elf64_Chdr.ch_size). */
export async function declaredUnpackedBytes(readAt: ReadAt, sections: readonly ElfSection[]): Promise<bigint> {
  let total = 0n;
  for (const { isCompressed, hasBytes, offset, sizeBytes } of sections) {
    if (!isCompressed || !hasBytes) continue;
    if (sizeBytes < 24) throw invalid('a compressed section without its header');
    total += (await readAt(offset, 24)).readBigUInt64LE(8);
  }
  return total;
}

function toSection(entry: Buffer, names: Buffer, fileSizeBytes: number, limits: ElfLimits): ElfSection {
  const hasBytes = entry.readUInt32LE(4) !== SHT_NOBITS;
  const flags = entry.readBigUInt64LE(8);
  const sizeBytes = entry.readBigUInt64LE(0x20);
  const end = entry.readBigUInt64LE(0x18) + sizeBytes;
  if (hasBytes && end > BigInt(fileSizeBytes)) throw invalid('a section outside of the file');
  return {
    name: nameAt(names, entry.readUInt32LE(0), limits.nameBytesMax),
    offset: hasBytes ? Number(entry.readBigUInt64LE(0x18)) : 0,
    // Bytes that are only described may be said to be more than a number can tell.
    sizeBytes: Number(sizeBytes),
    hasBytes,
    isCode: (flags & SHF_EXECINSTR) !== 0n,
    isCompressed: (flags & SHF_COMPRESSED) !== 0n,
  };
}

async function readNames(readAt: ReadAt, table: Buffer, index: number, fileSizeBytes: number): Promise<Buffer> {
  if (index === 0) return Buffer.alloc(0);
  const at = index * SECTION_HEADER_BYTES;
  if (at + SECTION_HEADER_BYTES > table.length) throw invalid('the table of names does not exist');
  const offset = toOffset(table.readBigUInt64LE(at + 0x18), fileSizeBytes);
  const sizeBytes = toOffset(table.readBigUInt64LE(at + 0x20), Math.min(fileSizeBytes, NAME_TABLE_BYTES_MAX));
  return readAt(offset, sizeBytes);
}

function nameAt(names: Buffer, offset: number, bytesMax: number): string {
  const end = names.indexOf(0, offset);
  if (offset >= names.length || end < 0 || end - offset > bytesMax) return '';
  return names.toString('latin1', offset, end);
}

function toOffset(value: bigint, max: number): number {
  if (value > BigInt(max)) throw invalid('an offset or size outside of the file');
  return Number(value);
}

function invalid(problem: string): DomainError {
  return new DomainError('PACK_FORMAT_INVALID', { problem });
}
