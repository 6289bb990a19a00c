import { open } from 'node:fs/promises';

export type ElfContent = 'code' | 'debug-only';

const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SECTIONS_MAX = 65_536;
const SHT_NOBITS = 8;
const SHF_EXECINSTR = 4n;

/**
 * Whether an ELF64 file holds code, or only what was split from it: there the code's sections have no bytes
 * (SHT_NOBITS). Undefined for anything else. System V ABI, chapter 4.
 */
export async function elfContent(path: string): Promise<ElfContent | undefined> {
  const file = await open(path, 'r');
  try {
    const read = async (offset: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    const header = await read(0, HEADER_BYTES);
    if (!isElf64(header)) return undefined;
    const [offset, size, count] = [header.readBigUInt64LE(40), header.readUInt16LE(58), header.readUInt16LE(60)];
    if (size !== SECTION_BYTES || count === 0 || count > SECTIONS_MAX || offset > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    const sections = await read(Number(offset), count * SECTION_BYTES);
    return holdsCode(sections) ? 'code' : 'debug-only';
  } finally {
    await file.close();
  }
}

/** 64 bits, little-endian. */
function isElf64(header: Buffer): boolean {
  return header.length === HEADER_BYTES && header.subarray(0, 6).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
}

function holdsCode(sections: Buffer): boolean {
  for (let at = 0; at + SECTION_BYTES <= sections.length; at += SECTION_BYTES) {
    const isExecutable = (sections.readBigUInt64LE(at + 8) & SHF_EXECINSTR) !== 0n;
    if (isExecutable && sections.readUInt32LE(at + 4) !== SHT_NOBITS) return true;
  }
  return false;
}
