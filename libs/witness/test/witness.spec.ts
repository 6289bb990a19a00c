import { canonicalize, parseStrictJson } from '@stella/attestation';
import { buildWitness, encodeArguments, isWeak, limits, parseWitness, witnessId, type WitnessCore } from '../src/index.js';
import { CORE, hex } from './fixtures.js';

const refused = (reason: string, member?: string) =>
  expect.objectContaining({ reason, ...(member && { facts: expect.objectContaining({ member }) }) });

test('the id is BLAKE3 of the canonical core, and survives the wire', () => {
  const witness = buildWitness(CORE);
  expect(witness.witnessId).toMatch(/^[0-9a-f]{64}$/);
  // Written down: a change of the format that moves the ids of stored witnesses must show.
  expect(witness.witnessId).toBe('3fe109a628babb65e64248e8888e615111cbbf51d4b80101d6f204472481c43a');
  expect(parseWitness(parseStrictJson(canonicalize(witness), { sizeBytesMax: 1 << 20 }))).toEqual(witness);
});

test('lists that stand for maps have one order, whatever order they came in', () => {
  const environment = [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ];
  const one = buildWitness({ ...CORE, environment });
  expect(buildWitness({ ...CORE, environment: environment.toReversed() })).toEqual(one);
  const swapped: WitnessCore = { ...CORE, environment: environment.toReversed() };
  expect(() => parseWitness({ schemaVersion: 1, witnessId: witnessId(swapped), core: swapped })).toThrow(refused('WITNESS_INVALID', 'environment'));
  const twice = [environment[0]!, environment[0]!];
  expect(() => buildWitness({ ...CORE, environment: twice })).toThrow(refused('WITNESS_INVALID', 'environment'));
});

test.each([
  ['an altered core', { witness: { core: { ...CORE, locale: 'C' } }, reason: 'WITNESS_INVALID' }],
  ['a member of its own', { witness: { note: 'x' }, reason: 'SCHEMA_INVALID' }],
  ['another version', { witness: { schemaVersion: 2 }, reason: 'SCHEMA_INVALID' }],
])('a witness with %s is refused', (_, { witness, reason }) => {
  expect(() => parseWitness({ ...buildWitness(CORE), ...witness })).toThrow(refused(reason));
});

test.each([
  ['files/0/path', { files: [{ path: '../x', sha256: hex('1'), sizeBytes: 1, executable: false }] }],
  ['uid', { uid: 0 }],
  ['caps/pids', { caps: { ...CORE.caps, pids: 0 } }],
  ['clock/epochNs', { clock: { epochNs: '01', tickNs: 1 } }],
  ['expectedFailure/canonicaliser', { expectedFailure: { ...CORE.expectedFailure, canonicaliser: 'go-panic' } }],
])('a core with a wrong %s is refused there', (pointer, change) => {
  expect(() => buildWitness({ ...CORE, ...change })).toThrow(
    expect.objectContaining({ reason: 'SCHEMA_INVALID', facts: expect.objectContaining({ pointer: `/core/${pointer}` }) }),
  );
});

test('a pass predicate that the failure meets tells nothing', () => {
  const { stdoutSha256 } = CORE.expectedFailure;
  expect(() => buildWitness({ ...CORE, passPredicate: { exitCode: 1 } })).toThrow(refused('PASS_PREDICATE_INVALID'));
  expect(() => buildWitness({ ...CORE, passPredicate: { exitCode: 1, stdoutSha256 } })).toThrow(refused('PASS_PREDICATE_INVALID'));
  expect(buildWitness({ ...CORE, passPredicate: { exitCode: 1, stdoutSha256: hex('0') } }).core.passPredicate.exitCode).toBe(1);
  expect([isWeak({ exitCode: 0 }), isWeak(CORE.passPredicate)]).toEqual([true, false]);
});

test('an unknown canonicaliser is refused by name', () => {
  const expectedFailure = { ...CORE.expectedFailure, canonicaliser: 'go-panic/9' };
  expect(() => buildWitness({ ...CORE, expectedFailure })).toThrow(refused('CANONICALISER_UNKNOWN'));
});

test('arguments are a blob with its digest; too many, too long or with a NUL are refused', () => {
  const { blob, reference } = encodeArguments(['--loader=ts', 'ü']);
  expect(Buffer.from(blob).toString()).toBe('["--loader=ts","ü"]');
  expect(reference).toMatchObject({ count: 2, sizeBytes: blob.length });
  for (const args of [['a\u0000b'], ['x'.repeat(limits.argumentBytesMax + 1)], Array.from({ length: limits.argumentsMax + 1 }, () => 'a')]) {
    expect(() => encodeArguments(args)).toThrow(refused('WITNESS_INVALID', 'arguments'));
  }
});
