import type { Problem } from './finding.js';
import type { Manifest } from './manifest.js';
import type { BinaryReading, PackFile } from './pack.js';

/** What reading a file's bytes from end to end told. */
export interface FileContent {
  readonly sizeBytes: number;
  /** Its first bytes, see `HEAD_BYTES`. */
  readonly head: Uint8Array;
}

/** A manifest and what its files turned out to be, by digest. A file is in one of each pair of maps. */
export interface InspectedPack {
  readonly manifest: Manifest;
  readonly contents: ReadonlyMap<string, FileContent>;
  readonly contentProblems: ReadonlyMap<string, Problem>;
  /** Of files whose format is parsed. */
  readonly binaries: ReadonlyMap<string, BinaryReading>;
  readonly parseProblems: ReadonlyMap<string, Problem>;
}

/** The files as they are stored: identifiers come from the files, never from the manifest. */
export function packFilesOf({ manifest, binaries }: Pick<InspectedPack, 'manifest' | 'binaries'>): readonly PackFile[] {
  return manifest.files.map(({ path, sha256, sizeBytes, format }) => {
    const reading = binaries.get(sha256);
    return {
      path,
      sha256,
      sizeBytes,
      format,
      role: reading?.role,
      gnuBuildId: reading?.gnuBuildId,
      goBuildId: reading?.goBuildId,
      hasDebugInfo: reading?.hasDebugInfo ?? false,
    };
  });
}
