import { sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { type BlobReference, buildWitness, encodeArguments, type PassPredicate, type ResourceCaps, type WitnessCore, type WitnessFile } from '@stella/witness';
import { limits } from './limits.js';

/** How a program is run. */
export interface Invocation {
  readonly args: readonly string[];
  /** Empty: nothing on standard input. */
  readonly stdin: Uint8Array;
  readonly files: readonly { readonly path: string; readonly content: Uint8Array }[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A witness's core before its first run: all that is chosen, nothing that is found out. */
export type DraftCore = Omit<WitnessCore, 'toolchain' | 'expectedFailure' | 'symbolPointers' | 'artifact'> & { readonly artifactSha256: string };

export interface DraftInput {
  readonly incident: string;
  readonly passPredicate: PassPredicate;
  readonly artifactSha256: string;
  readonly invocation: Invocation;
  readonly caps: ResourceCaps;
  readonly canonicaliser: string;
}

/** The capsule's own defaults, written down so that a witness stays the same when they change. */
const PINS = {
  programPath: '/capsule/program',
  seeds: [{ name: 'random', value: '0' }],
  clock: { epochNs: '1577836800000000000', tickNs: 1_000 },
  locale: 'C.UTF-8',
  timeZone: 'UTC',
  hostname: 'capsule',
  pid: 2,
  uid: 1_000,
  gid: 1_000,
} as const;
const NOTHING = sha256Hex(new Uint8Array());

/**
 * The core that a recording starts from, and the bytes that it refers to.
 *
 * @throws DomainError WITNESS_INVALID, SCHEMA_INVALID, CANONICALISER_UNKNOWN: what could never become a witness
 */
export function draftCore(input: DraftInput): { readonly draft: DraftCore; readonly blobs: readonly Uint8Array[] } {
  const { invocation, incident, artifactSha256, caps, passPredicate } = input;
  requireSizes(invocation);
  const args = encodeArguments(invocation.args);
  const files = invocation.files.map(({ path, content }): WitnessFile => ({ path, ...reference(content), executable: false }));
  const draft: DraftCore = {
    ...PINS,
    incident,
    arguments: args.reference,
    stdin: invocation.stdin.length === 0 ? null : reference(invocation.stdin),
    files,
    environment: Object.entries(invocation.environment).map(([name, value]) => ({ name, value })),
    artifactSha256,
    network: { mode: 'none' },
    caps,
    passPredicate,
    redaction: { policy: 'none/1', withheld: [] },
    provenance: [],
    minimisedFrom: null,
  };
  requirePossible(draft, input.canonicaliser);
  return { draft, blobs: [args.blob, ...(draft.stdin === null ? [] : [invocation.stdin]), ...invocation.files.map(({ content }) => content)] };
}

/** A witness needs a failure; with one that no predicate can be met by, everything else is checked before anything runs. */
function requirePossible(draft: DraftCore, canonicaliser: string): void {
  const expectedFailure = { exit: { signal: 64 }, capHit: null, canonicaliser, stdoutSha256: NOTHING, stderrSha256: NOTHING };
  const { artifactSha256, ...chosen } = draft;
  buildWitness({ ...chosen, toolchain: { runnerSha256: NOTHING, image: null }, artifact: { sha256: artifactSha256, closure: [] }, symbolPointers: [], expectedFailure });
}

function requireSizes({ args, environment, stdin, files }: Invocation): void {
  const texts = [...args, ...Object.entries(environment).flat()];
  const argumentBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
  const inputBytes = files.reduce((sum, { content }) => sum + content.length, stdin.length);
  const nul = texts.some((text) => text.includes('\0'));
  const problem = nul
    ? 'an argument or a variable holds a NUL'
    : argumentBytes > limits.argumentBytesMax
      ? `arguments and environment have ${argumentBytes} bytes, more than ${limits.argumentBytesMax}`
      : inputBytes > limits.inputBytesMax
        ? `standard input and files have ${inputBytes} bytes, more than ${limits.inputBytesMax}`
        : undefined;
  if (problem !== undefined) throw new DomainError('WITNESS_INVALID', { member: 'invocation', problem });
}

function reference(bytes: Uint8Array): BlobReference {
  return { sha256: sha256Hex(bytes), sizeBytes: bytes.length };
}
