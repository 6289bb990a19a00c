import { blake3 } from '@noble/hashes/blake3.js';
import { canonicalize } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { MICRO_WITNESS_SCHEMA_ID, validate } from '@stella/schemas';
import { canonicaliser } from './canonicalise/canonicaliser.js';
import type { ExpectedFailure } from './outcome.js';
import { requireTelling, type PassPredicate } from './pass-predicate.js';

export interface BlobReference {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface WitnessFile extends BlobReference {
  /** Relative to the working directory. */
  readonly path: string;
  readonly executable: boolean;
}

export interface ResourceCaps {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly diskBytes: number;
  readonly outputBytes: number;
  readonly openFiles: number;
}

/** Ties a frame of the stack to the delta index: `identity` is E1 of its function, null until it is known. */
export interface SymbolPointer {
  readonly gnuBuildId: string;
  readonly moduleOffset: string;
  readonly identity: string | null;
}

/** All that makes an incident happen again, and nothing that a replay measures. Sorted lists stand for maps. */
export interface WitnessCore {
  readonly incident: string;
  /** Where the program sees itself. */
  readonly programPath: string;
  /** Digest of `encodeArguments`, without the program's own name. */
  readonly arguments: BlobReference & { readonly count: number };
  readonly stdin: BlobReference | null;
  readonly files: readonly WitnessFile[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** Decimal text: seeds have 64 bits. */
  readonly seeds: readonly { readonly name: string; readonly value: string }[];
  readonly clock: { readonly epochNs: string; readonly tickNs: number };
  readonly locale: string;
  readonly timeZone: string;
  readonly hostname: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly toolchain: {
    readonly runnerSha256: string;
    readonly image: { readonly reference: string; readonly sha256: string } | null;
  };
  readonly artifact: { readonly sha256: string; readonly closure: readonly { readonly path: string; readonly sha256: string }[] };
  readonly symbolPointers: readonly SymbolPointer[];
  readonly network: { readonly mode: 'none' } | ({ readonly mode: 'transcript' } & BlobReference);
  readonly caps: ResourceCaps;
  readonly expectedFailure: ExpectedFailure;
  readonly passPredicate: PassPredicate;
  readonly redaction: { readonly policy: string; readonly withheld: readonly string[] };
  /** Digests of DSSE envelopes. */
  readonly provenance: readonly string[];
  readonly minimisedFrom: string | null;
}

/** Predicate of a micro-witness statement; its subject is the artifact it was recorded on. */
export interface MicroWitness {
  readonly schemaVersion: 1;
  /** BLAKE3 of the core's canonical JSON, hex. */
  readonly witnessId: string;
  readonly core: WitnessCore;
}

/**
 * Makes a witness of its core, lists brought into order.
 *
 * @throws DomainError SCHEMA_INVALID, WITNESS_INVALID, PASS_PREDICATE_INVALID, CANONICALISER_UNKNOWN
 */
export function buildWitness(core: WitnessCore): MicroWitness {
  const ordered: WitnessCore = {
    ...core,
    files: core.files.toSorted(by((file) => file.path)),
    environment: core.environment.toSorted(by((entry) => entry.name)),
    seeds: core.seeds.toSorted(by((entry) => entry.name)),
    artifact: { ...core.artifact, closure: core.artifact.closure.toSorted(by((entry) => entry.path)) },
    provenance: core.provenance.toSorted(),
  };
  return parseWitness({ schemaVersion: 1, witnessId: witnessId(ordered), core: ordered });
}

/** BLAKE3 of a core's canonical JSON (RFC 8785), hex. */
export function witnessId(core: WitnessCore): string {
  return Buffer.from(blake3(canonicalize(core))).toString('hex');
}

/**
 * Checks a witness that came from elsewhere: shape, id, order, and that its members agree.
 *
 * @throws DomainError SCHEMA_INVALID, WITNESS_INVALID, PASS_PREDICATE_INVALID, CANONICALISER_UNKNOWN
 */
export function parseWitness(value: unknown): MicroWitness {
  validate(MICRO_WITNESS_SCHEMA_ID, value);
  const witness = value as MicroWitness;
  const { core } = witness;
  const actual = witnessId(core);
  if (actual !== witness.witnessId) invalid('witnessId', `the core's digest is ${actual}`);
  requireOrdered('files', core.files.map((file) => file.path));
  requireOrdered('environment', core.environment.map((entry) => entry.name));
  requireOrdered('seeds', core.seeds.map((entry) => entry.name));
  requireOrdered('artifact.closure', core.artifact.closure.map((entry) => entry.path));
  requireOrdered('provenance', core.provenance);
  canonicaliser(core.expectedFailure.canonicaliser);
  requireTelling(core.passPredicate, core.expectedFailure);
  return witness;
}

/** One content, one id: a list that stands for a map has one order, and no name twice. */
function requireOrdered(member: string, names: readonly string[]): void {
  const at = names.findIndex((name, index) => index > 0 && (names[index - 1] ?? '') >= name);
  if (at > 0) invalid(member, `\`${names[at]}\` is out of order or stands twice`);
}

function invalid(member: string, problem: string): never {
  throw new DomainError('WITNESS_INVALID', { member, problem: problem.slice(0, 200) });
}

function by<T>(name: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (name(a) < name(b) ? -1 : Number(name(a) > name(b)));
}
