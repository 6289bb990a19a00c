import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { DomainError, isDomainError, type Reason } from '@stella/errors';
import { identify } from '@stella/native';
import type { BlobStore } from '@stella/platform-blobs';
import type { BinaryReader } from '../application/ports.js';
import { declaredUnpackedBytes, type ElfSection, holdsCode, readElfSections, type ReadAt } from '../domain/elf-sections.js';
import type { BinaryReading } from '../domain/pack.js';
import { limits } from '../limits.js';
import type { Permits } from './permits.js';

/** These are faults of the file; any other reason says that it could not be read. */
const ABOUT_THE_FILE: ReadonlySet<Reason> = new Set<Reason>(['INPUT_NOT_ELF', 'INPUT_TRUNCATED', 'INPUT_EMPTY', 'INPUT_TOO_LARGE', 'ARCH_UNSUPPORTED']);
const ELF_LIMITS = { sectionsMax: limits.elfSectionsMax, nameBytesMax: limits.sectionNameBytesMax };

/** Identifiers from `stella-native identify`, a child process with caps for each file; section headers read here. */
export class NativeBinaryReader implements BinaryReader {
  constructor(
    private readonly blobs: BlobStore,
    private readonly permits: Permits,
  ) {}

  async read(sha256: string, sizeBytes: number, signal?: AbortSignal): Promise<BinaryReading> {
    const path = await this.blobs.localPath(sha256);
    const identity = await this.permits.run(() => identify(path, { ...limits.identify, fileBytesMax: limits.fileSizeBytesMax, signal })).catch(refuseOrThrow);
    return withFile(path, async (readAt) => {
      const sections = await readElfSections(readAt, sizeBytes, ELF_LIMITS);
      const { arch, gnuBuildId, goBuildId, hasDebugInfo } = identity;
      const role = holdsCode(sections) ? (hasDebugInfo ? 'full' : 'executable') : 'debuginfo';
      return { role, arch, gnuBuildId: gnuBuildId ?? undefined, goBuildId: goBuildId || undefined, hasDebugInfo, unpackedBytes: await declaredUnpackedBytes(readAt, sections) };
    });
  }

  async sections(sha256: string, sizeBytes: number): Promise<readonly ElfSection[]> {
    return withFile(await this.blobs.localPath(sha256), (readAt) => readElfSections(readAt, sizeBytes, ELF_LIMITS));
  }

  async *bytesOf(sha256: string, { offset, sizeBytes }: ElfSection): AsyncGenerator<Uint8Array> {
    if (sizeBytes === 0) return;
    yield* createReadStream(await this.blobs.localPath(sha256), { start: offset, end: offset + sizeBytes - 1 }) as AsyncIterable<Uint8Array>;
  }
}

async function withFile<T>(path: string, work: (readAt: ReadAt) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await work(async (offset, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await file.close();
  }
}

function refuseOrThrow(error: unknown): never {
  if (isDomainError(error) && ABOUT_THE_FILE.has(error.reason)) {
    throw new DomainError('PACK_FORMAT_INVALID', { problem: error.reason, detail: error.facts.problem ?? '' }, { cause: error });
  }
  throw error;
}
