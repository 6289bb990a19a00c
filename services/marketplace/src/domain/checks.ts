import { archiveKind, isElf } from './archive-magic.js';
import { errored, failed, type Problem } from './finding.js';
import type { InspectedPack } from './inspected-pack.js';
import type { Identifier, ManifestFile } from './manifest.js';
import type { BinaryReading } from './pack.js';
import { personalProblem } from './personal-path.js';

/** Looks at one thing of a whole pack; no problem means passed. */
export type Check = (pack: InspectedPack) => readonly Problem[];

export interface UnpackLimits {
  readonly decompressedBytesFloor: number;
  readonly decompressedRatioMax: number;
}

export const ELF_FORMATS: ReadonlySet<string> = new Set(['elf-executable', 'elf-debug']);
/** Text and inputs, which nothing here parses. */
const OPAQUE_FORMATS: ReadonlySet<string> = new Set(['source', 'script', 'input', 'other']);
export const WITNESS_FORMAT = 'micro-witness';

export const checkDigests: Check = (pack) =>
  pack.manifest.files.flatMap(({ path, sha256, sizeBytes }) => {
    const problem = pack.contentProblems.get(sha256);
    if (problem) return [at(path, problem)];
    const content = pack.contents.get(sha256);
    if (!content) return [notRead(path)];
    return content.sizeBytes === sizeBytes ? [] : [failed('PACK_DIGEST_MISMATCH', `${path}: ${content.sizeBytes} bytes, not ${sizeBytes}`)];
  });

export const checkPersonalData: Check = ({ manifest }) =>
  manifest.files.flatMap(({ path }) => {
    const problem = personalProblem(path);
    return problem === undefined ? [] : [failed('PACK_PATH_PERSONAL', `${path}: ${problem}`)];
  });

export function checkArchives({ decompressedBytesFloor, decompressedRatioMax }: UnpackLimits): Check {
  return (pack) =>
    pack.manifest.files.flatMap(({ path, sha256, sizeBytes }) => {
      const content = pack.contents.get(sha256);
      if (!content) return [notRead(path)];
      const kind = archiveKind(content.head);
      if (kind !== undefined) return [failed('PACK_ARCHIVE_REFUSED', `${path}: begins like ${kind}`)];
      const unpackedBytes = pack.binaries.get(sha256)?.unpackedBytes ?? 0n;
      const isBomb = unpackedBytes > BigInt(Math.max(decompressedBytesFloor, sizeBytes * decompressedRatioMax));
      return isBomb ? [failed('PACK_ARCHIVE_REFUSED', `${path}: ${sizeBytes} bytes unpack to ${unpackedBytes}`)] : [];
    });
}

export const checkFormats: Check = (pack) => pack.manifest.files.flatMap((file) => formatProblems(pack, file));

function formatProblems(pack: InspectedPack, { path, sha256, format }: ManifestFile): readonly Problem[] {
  const problem = pack.parseProblems.get(sha256);
  if (problem) return [at(path, problem)];
  if (ELF_FORMATS.has(format)) {
    const reading = pack.binaries.get(sha256);
    if (!reading) return [notRead(path)];
    const isDebug = reading.role === 'debuginfo';
    return isDebug === (format === 'elf-debug') ? [] : [failed('PACK_FORMAT_INVALID', `${path}: ${isDebug ? 'holds debug information only' : 'holds code'}, which ${format} is not`)];
  }
  if (format === WITNESS_FORMAT) return [];
  if (!OPAQUE_FORMATS.has(format)) return [failed('PACK_FORMAT_UNSUPPORTED', `${path}: ${format}`)];
  const content = pack.contents.get(sha256);
  if (!content) return [notRead(path)];
  // What is not parsed has no identifiers: a binary under another name would dodge every check of them.
  return isElf(content.head) ? [failed('PACK_FORMAT_INVALID', `${path}: an ELF file, which ${format} is not`)] : [];
}

export const checkIdentifiers: Check = (pack) =>
  pack.manifest.files.flatMap(({ path, sha256, format, identifiers }) => {
    const reading = pack.binaries.get(sha256);
    if (ELF_FORMATS.has(format) && !reading) return [notRead(path)];
    const [declared, found] = [texts(identifiers), texts(reading ? identifiersOf(reading) : [])];
    const isSame = declared.length === found.length && declared.every((text, index) => text === found[index]);
    return isSame ? [] : [failed('PACK_IDENTIFIER_MISMATCH', `${path}: the manifest says ${declared.join(', ') || 'none'}, the file ${found.join(', ') || 'none'}`)];
  });

export const checkVisibility: Check = ({ manifest: { visibility } }) =>
  visibility === 'public' || visibility === 'tenant' ? [] : [failed('PACK_VISIBILITY_UNSUPPORTED', visibility)];

export function identifiersOf({ gnuBuildId, goBuildId }: Pick<BinaryReading, 'gnuBuildId' | 'goBuildId'>): readonly Identifier[] {
  const gnu = gnuBuildId === undefined ? [] : [{ kind: 'gnu-build-id', value: gnuBuildId }];
  return goBuildId === undefined ? gnu : [...gnu, { kind: 'go-build-id', value: goBuildId }];
}

const texts = (identifiers: readonly Identifier[]): string[] => identifiers.map(({ kind, value }) => `${kind} ${value}`).sort();
const at = (path: string, { state, reason, detail }: Problem): Problem => ({ state, reason, detail: `${path}: ${detail}` });
const notRead = (path: string): Problem => errored('PACK_CHECK_UNAVAILABLE', `${path}: was not read`);
