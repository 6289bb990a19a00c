import {
  blake3, decimal64, integer, list, object, oneOf, relativePath, SCHEMA_DIALECT, sha256, text, word, type Schema,
} from '../vocabulary.js';

export const MICRO_WITNESS_SCHEMA_ID = 'https://stella-ops.org/schema/micro-witness/v1';

const blob = object({ sha256, sizeBytes: integer(0, 1 << 30) });
const absolutePath: Schema = { type: 'string', maxLength: 1024, pattern: '^/[^\\u0000-\\u001f\\u007f]*$' };
const name: Schema = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,127}$' };

export const exitSchema = oneOf(
  object({ code: integer(0, 255) }),
  object({ signal: integer(1, 64) }),
);
export const canonicaliserSchema: Schema = { type: 'string', pattern: '^[a-z][a-z0-9-]{0,62}/[1-9][0-9]{0,3}$' };
export const stackFingerprintSchema: Schema = { type: 'string', pattern: '^(?:k0|k1|k2|k3):[0-9a-f]{64}$' };

const caps = object({
  cpuMs: integer(1, 600_000),
  wallMs: integer(1, 600_000),
  memoryBytes: integer(1, 2 ** 36),
  pids: integer(1, 4_096),
  diskBytes: integer(4_096, 2 ** 33),
  outputBytes: integer(1, 2 ** 26),
  openFiles: integer(1, 65_536),
});

/** Canonical core of a micro-witness: its BLAKE3 is the witness's id. */
const core = object({
  incident: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' },
  programPath: absolutePath,
  arguments: object({ ...blobMembers(), count: integer(0, 1_000) }),
  stdin: oneOf({ type: 'null' }, blob),
  files: list(object({ path: relativePath, ...blobMembers(), executable: { type: 'boolean' } }), 100),
  environment: list(object({ name, value: text(32_768, 0) }), 100),
  seeds: list(object({ name, value: decimal64 }), 16),
  clock: object({ epochNs: decimal64, tickNs: integer(0, Number.MAX_SAFE_INTEGER) }),
  locale: text(64),
  timeZone: text(64),
  hostname: text(64),
  pid: integer(1, 4_194_304),
  uid: integer(1, 65_533),
  gid: integer(1, 65_533),
  toolchain: object({ runnerSha256: sha256, image: oneOf({ type: 'null' }, object({ reference: text(512), sha256 })) }),
  artifact: object({
    sha256,
    closure: list(object({ path: absolutePath, sha256 }), 4_096),
  }),
  symbolPointers: list(
    object({
      gnuBuildId: { type: 'string', pattern: '^[0-9a-f]{2,128}$' },
      moduleOffset: { type: 'string', pattern: '^0x(?:0|[1-9a-f][0-9a-f]{0,15})$' },
      identity: oneOf({ type: 'null' }, sha256),
    }),
    128,
  ),
  network: oneOf(object({ mode: { const: 'none' } }), object({ mode: { const: 'transcript' }, ...blobMembers() })),
  caps,
  expectedFailure: object(
    {
      exit: exitSchema,
      capHit: oneOf({ type: 'null' }, word('wall', 'cpu', 'memory', 'output', 'pids', 'disk')),
      canonicaliser: canonicaliserSchema,
      stdoutSha256: sha256,
      stderrSha256: sha256,
      stackFingerprint: stackFingerprintSchema,
    },
    'stackFingerprint',
  ),
  passPredicate: object({ exitCode: integer(0, 255), stdoutSha256: sha256 }, 'stdoutSha256'),
  redaction: object({ policy: text(128), withheld: list(sha256, 1_000) }),
  provenance: { ...list(sha256, 32), uniqueItems: true },
  minimisedFrom: oneOf({ type: 'null' }, blake3),
});

function blobMembers(): { sha256: Schema; sizeBytes: Schema } {
  return { sha256, sizeBytes: integer(0, 1 << 30) };
}

/** Predicate of a micro-witness statement. */
export const microWitnessSchema: Schema = {
  $schema: SCHEMA_DIALECT,
  $id: MICRO_WITNESS_SCHEMA_ID,
  title: 'Micro-witness',
  ...object({ schemaVersion: { const: 1 }, witnessId: blake3, core }),
};
