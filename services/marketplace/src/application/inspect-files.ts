import { parseStrictJson } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { MICRO_WITNESS_SCHEMA_ID, validate } from '@stella/schemas';
import { HEAD_BYTES } from '../domain/archive-magic.js';
import { ELF_FORMATS, WITNESS_FORMAT } from '../domain/checks.js';
import { errored, failed, type Problem } from '../domain/finding.js';
import type { FileContent, InspectedPack } from '../domain/inspected-pack.js';
import type { Manifest, ManifestFile } from '../domain/manifest.js';
import type { BinaryReading } from '../domain/pack.js';
import { limits } from '../limits.js';
import type { BinaryReader } from './ports.js';

const WITNESS_BYTES_MAX = 16 << 20;
/** Reasons that are about the file; every other one says that it could not be read. */
const ABOUT_THE_FILE = new Set(['PACK_FORMAT_INVALID', 'SCHEMA_INVALID', 'JSON_MALFORMED']);

/** Reads every file of a manifest once, some at a time. Never throws: what could not be read is a problem of its file. */
export class InspectFiles {
  constructor(
    private readonly blobs: BlobStore,
    private readonly binaries: BinaryReader,
  ) {}

  async execute(manifest: Manifest, signal: AbortSignal): Promise<InspectedPack> {
    const contents = new Map<string, FileContent>();
    const contentProblems = new Map<string, Problem>();
    const binaries = new Map<string, BinaryReading>();
    const parseProblems = new Map<string, Problem>();
    const waiting = distinct(manifest.files);
    const work = async (): Promise<void> => {
      for (let file = waiting.pop(); file; file = waiting.pop()) {
        const { sha256 } = file;
        await into(contents, contentProblems, sha256, () => this.#content(sha256, signal));
        if (!contents.has(sha256)) continue;
        if (ELF_FORMATS.has(file.format)) await into(binaries, parseProblems, sha256, () => this.binaries.read(sha256, file.sizeBytes, signal));
        if (file.format === WITNESS_FORMAT) await into(new Map(), parseProblems, sha256, () => this.#witness(sha256));
      }
    };
    await Promise.all(Array.from({ length: limits.nativeProcessesMax }, work));
    return { manifest, contents, contentProblems, binaries, parseProblems };
  }

  async #content(sha256: string, signal: AbortSignal): Promise<FileContent> {
    const head: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.blobs.read(sha256)) {
      signal.throwIfAborted();
      if (sizeBytes < HEAD_BYTES) head.push(Buffer.from(chunk.subarray(0, HEAD_BYTES - sizeBytes)));
      sizeBytes += chunk.byteLength;
    }
    return { sizeBytes, head: Buffer.concat(head) };
  }

  async #witness(sha256: string): Promise<void> {
    const witness = parseStrictJson(await this.blobs.bytes(sha256, WITNESS_BYTES_MAX), { sizeBytesMax: WITNESS_BYTES_MAX });
    validate(MICRO_WITNESS_SCHEMA_ID, structuredClone(witness));
  }
}

/** One of each digest and format: the same bytes may be named as two things. */
function distinct(files: readonly ManifestFile[]): ManifestFile[] {
  return [...new Map(files.map((file) => [`${file.sha256} ${file.format}`, file])).values()];
}

async function into<T>(values: Map<string, T>, problems: Map<string, Problem>, sha256: string, read: () => Promise<T>): Promise<void> {
  try {
    values.set(sha256, await read());
  } catch (error) {
    problems.set(sha256, problemOf(error));
  }
}

function problemOf(error: unknown): Problem {
  if (!isDomainError(error)) return errored('PACK_CHECK_UNAVAILABLE', error instanceof Error ? error.name : 'unknown');
  const { reason, message, facts } = error;
  const detail = [message, ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`)].join('; ');
  return ABOUT_THE_FILE.has(reason) ? failed('PACK_FORMAT_INVALID', detail) : errored(reason, detail);
}
