import { integer, list, object, relativePath, SCHEMA_DIALECT, sha256, text, word, type Schema } from '../vocabulary.js';

export const PACK_MANIFEST_SCHEMA_ID = 'https://stella-ops.org/schema/pack-manifest/v1';

const name = '[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?';
const packName: Schema = { type: 'string', pattern: `^${name}/${name}$`, maxLength: 129 };

/** Semantic Versioning 2.0.0, the grammar of its own site. */
const semVer: Schema = {
  type: 'string',
  maxLength: 128,
  pattern:
    '^(?:0|[1-9]\\d{0,9})\\.(?:0|[1-9]\\d{0,9})\\.(?:0|[1-9]\\d{0,9})' +
    '(?:-(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*))*)?' +
    '(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$',
};

/** Characters of an SPDX licence expression; its grammar is checked by the marketplace. */
const licence: Schema = { type: 'string', minLength: 1, maxLength: 512, pattern: '^[A-Za-z0-9.()+: -]+$' };

const identifier: Schema = {
  oneOf: [
    identifierOf('gnu-build-id', '^[0-9a-f]{2,128}$'),
    identifierOf('go-build-id', '^[A-Za-z0-9_/-]{1,256}$'),
    identifierOf('pe-code-id', '^[0-9A-F]{8}[0-9a-f]{1,8}$'),
    identifierOf('pdb-debug-id', '^[0-9A-F]{32}[0-9a-f]{1,8}$'),
    identifierOf('macho-uuid', '^[0-9A-F]{32}$'),
    identifierOf('breakpad-module-id', '^[0-9A-F]{33,40}$'),
    identifierOf('wasm-build-id', '^[0-9a-f]{2,128}$'),
  ],
};

function identifierOf(kind: string, pattern: string): Schema {
  return object({ kind: { const: kind }, value: { type: 'string', pattern } });
}

const file: Schema = object({
  path: relativePath,
  sizeBytes: integer(0, Number.MAX_SAFE_INTEGER),
  sha256,
  format: word(
    'elf-executable', 'elf-debug', 'pe', 'pdb', 'portable-pdb', 'macho', 'dsym', 'breakpad-sym', 'wasm', 'source-map',
    'jvm-class', 'proguard-mapping', 'go-pclntab', 'source', 'micro-witness', 'input', 'script', 'other',
  ),
  identifiers: { ...list(identifier, 16), uniqueItems: true },
});

/** Manifest of a symbol pack or test harness; what publishers sign. */
export const packManifestSchema: Schema = {
  $schema: SCHEMA_DIALECT,
  $id: PACK_MANIFEST_SCHEMA_ID,
  title: 'Pack manifest',
  ...object(
    {
      schemaVersion: { const: 1 },
      name: packName,
      version: semVer,
      kind: word('symbols', 'harness'),
      licence,
      eulaTemplate: { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]{0,127}$' },
      visibility: { type: 'string', pattern: '^(?:public|tenant|plan:[a-z0-9][a-z0-9._-]{0,62})$' },
      toolchain: object({ name: text(128), version: text(128) }),
      target: object({ os: text(32), arch: text(32), abi: text(32, 0) }),
      source: object({ repository: text(512), revision: text(128) }),
      provenance: { ...list(sha256, 32), uniqueItems: true },
      entryPoint: relativePath,
      files: list(file, 10_000, 1),
    },
    'eulaTemplate',
    'source',
    'entryPoint',
  ),
  // A harness says what runs; a symbol pack runs nothing.
  if: { properties: { kind: { const: 'harness' } } },
  then: { required: ['entryPoint'] },
  else: { properties: { entryPoint: false } },
};
