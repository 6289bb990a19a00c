import { PACK_MANIFEST_SCHEMA_ID, SCHEMA_IDS, SCHEMAS, validate } from './index.js';

const sha256 = 'a'.repeat(64);
const MANIFEST = {
  schemaVersion: 1,
  name: 'lua/symbols',
  version: '5.4.0+debian.12',
  kind: 'symbols',
  licence: 'MIT OR (Apache-2.0 WITH LLVM-exception)',
  visibility: 'public',
  toolchain: { name: 'gcc', version: '12.2.0' },
  target: { os: 'linux', arch: 'x86_64', abi: 'gnu' },
  source: { repository: 'https://www.lua.org/ftp/', revision: '5.4.0' },
  provenance: [sha256],
  files: [
    {
      path: 'lib/lua.debug',
      sizeBytes: 1,
      sha256,
      format: 'elf-debug',
      identifiers: [{ kind: 'gnu-build-id', value: '1deacbe77ea38896903be9a44dd51a4d01dfbe98' }],
    },
  ],
};
const [FILE] = MANIFEST.files;

const refusal = (value: unknown): unknown => {
  try {
    validate(PACK_MANIFEST_SCHEMA_ID, value);
    return undefined;
  } catch (error) {
    return error;
  }
};

test('a manifest of its shape is accepted, for symbols and for a harness', () => {
  expect(refusal(MANIFEST)).toBeUndefined();
  expect(refusal({ ...MANIFEST, kind: 'harness', entryPoint: 'run.sh' })).toBeUndefined();
  expect(refusal({ ...MANIFEST, visibility: 'plan:team' })).toBeUndefined();
});

test.each([
  ['/extra', { extra: 1 }],
  ['/schemaVersion', { schemaVersion: 2 }],
  ['/name', { name: 'lua' }],
  ['/name', { name: 'Lua/symbols' }],
  ['/version', { version: '5.4' }],
  ['/version', { version: '01.0.0' }],
  ['/licence', { licence: 'MIT\nx' }],
  ['/visibility', { visibility: 'plan:' }],
  ['/toolchain/version', { toolchain: { name: 'gcc' } }],
  ['/target/abi', { target: { os: 'linux', arch: 'x', abi: { x: 1 } } }],
  ['/provenance', { provenance: [sha256, sha256] }],
  ['/entryPoint', { entryPoint: 'run.sh' }],
  ['/entryPoint', { kind: 'harness' }],
  ['/files', { files: [] }],
  ['/files/0/sha256', { files: [{ ...FILE, sha256: sha256.toUpperCase() }] }],
  ['/files/0/sizeBytes', { files: [{ ...FILE, sizeBytes: 0.5 }] }],
  ['/files/0/path', { files: [{ ...FILE, path: '/etc/passwd' }] }],
  ['/files/0/path', { files: [{ ...FILE, path: 'a/../../b' }] }],
  ['/files/0/path', { files: [{ ...FILE, path: 'a\\b' }] }],
  ['/files/0/path', { files: [{ ...FILE, path: 'a//b' }] }],
  ['/files/0/identifiers/0/value', { files: [{ ...FILE, identifiers: [{ kind: 'gnu-build-id', value: 'XYZ' }] }] }],
])('a manifest that is wrong at %s is refused there: %j', (pointer, change) => {
  expect(refusal({ ...MANIFEST, ...change })).toMatchObject({
    reason: 'SCHEMA_INVALID',
    facts: { schema: PACK_MANIFEST_SCHEMA_ID, pointer },
  });
});

test.each(['..hidden/x', 'a/.b', 'a b/ü', '...'])('%s is a path inside the pack', (path) => {
  expect(refusal({ ...MANIFEST, files: [{ ...FILE, path }] })).toBeUndefined();
});

test('what is no object is refused at the root; an unknown schema is named', () => {
  for (const value of [null, 1, 'x', []]) expect(refusal(value)).toMatchObject({ facts: { pointer: '/' } });
  expect(() => validate('https://stella-ops.org/schema/none/v1', {})).toThrow(expect.objectContaining({ reason: 'SCHEMA_UNKNOWN' }));
});

test('members of a prototype do not count', () => {
  const inherited: unknown = Object.create(MANIFEST);
  expect(refusal(inherited)).toMatchObject({ reason: 'SCHEMA_INVALID' });
});

/** Every place of a schema where a value's size is left open. */
function unbounded(schema: unknown, at: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const node = schema as Readonly<Record<string, unknown>>;
  const open: string[] = [];
  if (node.type === 'object' && node.additionalProperties !== false) open.push(`${at}: members`);
  if (node.type === 'array' && node.maxItems === undefined) open.push(`${at}: items`);
  if (node.type === 'integer' && (node.minimum === undefined || node.maximum === undefined)) open.push(`${at}: range`);
  if (node.type === 'string' && node.maxLength === undefined && /[*+](?![^[]*\])|,\}/.test(String(node.pattern ?? '*'))) open.push(`${at}: length`);
  if (node.type === 'number') open.push(`${at}: fraction`);
  return open.concat(Object.entries(node).flatMap(([name, part]) => unbounded(part, `${at}/${name}`)));
}

test.each(SCHEMA_IDS)('%s is published, strict and bounded everywhere', (id) => {
  const schema = SCHEMAS.get(id);
  expect(schema).toMatchObject({ $id: id, $schema: 'https://json-schema.org/draft/2020-12/schema' });
  expect(unbounded(schema, '')).toEqual([]);
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
});
