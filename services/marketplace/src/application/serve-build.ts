import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { type BuildFile, type BuildFileKind, type BuildIndex, fileOf } from '../domain/build-index.js';
import type { BinaryReader, MarketplaceFacts, PackRepository } from './ports.js';
import { readProved } from './read-blob.js';

/** Bytes with what is known of them before they are read. */
export interface ServedFile {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The last part of its path in the pack. */
  readonly fileName: string;
  /** Names these very bytes. */
  readonly entityTag: string;
  read(): AsyncIterable<Uint8Array>;
}

/** Where the sources of a pack lie: below it, at the path that the debug information names. */
const SOURCES_FOLDER = 'sources';

/** Files of public builds, for whoever asks. Nobody learns from it that a tenant has packs of its own. */
export class ServeBuild {
  constructor(
    private readonly index: BuildIndex,
    private readonly packs: PackRepository,
    private readonly blobs: BlobStore,
    private readonly binaries: BinaryReader,
    private readonly facts: MarketplaceFacts,
    private readonly nowNs: () => bigint,
  ) {}

  /** @throws DomainError BUILD_ID_UNKNOWN, BUILD_FILE_UNKNOWN */
  file(buildId: string, kind: BuildFileKind): ServedFile {
    const start = this.nowNs();
    const build = this.index.findPublic(buildId);
    const file = build && fileOf(build, kind);
    this.facts.lookedUp('debuginfod', file !== undefined, Number(this.nowNs() - start) / 1e9);
    if (!file) throw build ? new DomainError('BUILD_FILE_UNKNOWN', { buildId, kind }) : unknown(buildId);
    return this.#served(file);
  }

  /** A section from the debug information, else from the executable. @throws DomainError BUILD_ID_UNKNOWN, BUILD_FILE_UNKNOWN */
  async section(buildId: string, name: string): Promise<ServedFile> {
    const build = this.index.findPublic(buildId);
    if (!build) throw unknown(buildId);
    const files = new Set((['debuginfo', 'executable'] as const).map((kind) => fileOf(build, kind)));
    for (const file of files) {
      if (!file) continue;
      const sections = await this.binaries.sections(file.sha256, file.sizeBytes);
      const section = sections.find((candidate) => candidate.name === name && candidate.hasBytes);
      if (!section) continue;
      const { sha256, path } = file;
      return { sha256, sizeBytes: section.sizeBytes, fileName: fileNameOf(path), entityTag: `${sha256}-${section.offset}-${section.sizeBytes}`, read: () => this.binaries.bytesOf(sha256, section) };
    }
    throw new DomainError('BUILD_FILE_UNKNOWN', { buildId, section: name });
  }

  /**
   * A source file that the pack itself holds. Debug information may name any path of any machine: none of ours is opened.
   * @param path as the debug information has it
   * @throws DomainError BUILD_ID_UNKNOWN, BUILD_FILE_UNKNOWN
   */
  async source(buildId: string, path: string): Promise<ServedFile> {
    if (!this.index.findPublic(buildId)) throw unknown(buildId);
    const inPack = `${SOURCES_FOLDER}/${path.replace(/^\/+/, '')}`;
    const found = await this.packs.publicSource(buildId, inPack);
    if (!found) throw new DomainError('BUILD_FILE_UNKNOWN', { buildId, pathInPack: inPack });
    return this.#served({ ...found, path: inPack });
  }

  #served({ sha256, sizeBytes, path }: Pick<BuildFile, 'sha256' | 'sizeBytes' | 'path'>): ServedFile {
    return { sha256, sizeBytes, fileName: fileNameOf(path), entityTag: sha256, read: () => readProved(this.blobs, this.facts, sha256) };
  }
}

function unknown(buildId: string): DomainError {
  return new DomainError('BUILD_ID_UNKNOWN', { buildId, sources: 'published public packs' });
}

function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
