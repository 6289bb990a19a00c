import { LIMIT_NAMES } from '../facts/policy-limits.js';
import { PRESET_NAMES, presetDocument, type PresetName } from './presets.js';
import { isAsStrict, presetsAsStrictAs } from './strictness.js';

const document = (name: PresetName) => presetDocument(name, { version: 1, issuedAt: new Date('2026-01-01T00:00:00Z'), expiresAt: new Date('2027-01-01T00:00:00Z') });
const named = (id: string, sha256 = id) => ({ id, sha256 });

/** What `asked` requires and `given` does not. */
function missing(given: PresetName, asked: PresetName): string[] {
  const [has, wants] = [document(given), document(asked)];
  const texts = new Map(has.rules.map(({ id, cedar }) => [id, cedar]));
  const laxer = LIMIT_NAMES.filter((name) => (name.endsWith('_min') ? has.limits[name] < wants.limits[name] : has.limits[name] > wants.limits[name]));
  return [...wants.rules.filter(({ id, cedar }) => texts.get(id) !== cedar).map(({ id }) => id), ...laxer, ...(has.waiversMax > wants.waiversMax ? ['waiversMax'] : [])];
}

test('a preset that is declared as strict requires all that the other one does', () => {
  const declared = PRESET_NAMES.filter((asked) => asked !== 'rebuild').flatMap((asked) => presetsAsStrictAs(asked).map((given) => [given, asked] as const));
  expect(declared.map(([given, asked]) => [given, asked, missing(given, asked)])).toEqual(
    // That nothing but the same toolchain will do is more than that the toolchain is kept.
    declared.map(([given, asked]) => [given, asked, given === 'rebuild' ? ['toolchain-kept'] : []]),
  );
  expect(document('rebuild').rules.map(({ id }) => id)).toContain('toolchain-same');
});

test('where less is required, nothing is declared', () => {
  for (const [given, asked] of [['standard', 'fast-patch'], ['standard', 'strict'], ['fast-patch', 'strict'], ['rebuild', 'fast-patch'], ['rebuild', 'strict']] as const) {
    expect([given, asked, missing(given, asked).length > 0]).toEqual([given, asked, true]);
    expect(isAsStrict(named(given), named(asked))).toBe(false);
  }
});

test('the same document is as strict as itself, whatever it is called; another policy is not known to be', () => {
  expect(isAsStrict(named('ours', 'a'), named('ours', 'a'))).toBe(true);
  expect(isAsStrict(named('ours', 'a'), named('ours', 'b'))).toBe(false);
  expect(isAsStrict(named('strict'), named('ours'))).toBe(false);
  expect(isAsStrict(named('ours'), named('standard'))).toBe(false);
});
