import fc from 'fast-check';
import { isDomainError } from '@stella/errors';
import { LIMITS } from '../limits.js';
import { checkClaims } from './check-claim.js';
import { claimSentence } from './claim.js';
import { claimFromJson, parseClaim } from './parse-claim.js';

function problemOf(read: () => unknown): string | undefined {
  try {
    read();
  } catch (error) {
    if (isDomainError(error, 'CLAIM_INVALID')) return error.facts.problem;
    throw error;
  }
  return undefined;
}

test.each([
  ['fixes incident esbuild-3205', { kind: 'fixes_incident', incident: 'esbuild-3205' }],
  ['fixes_incident lua-CVE-2020-24370', { kind: 'fixes_incident', incident: 'lua-CVE-2020-24370' }],
  ['changes internal/js_parser', { kind: 'changes', target: 'code', pattern: 'internal/js_parser' }],
  ['changes internal/js_parser.(*parser).parse*', { kind: 'changes', target: 'code', pattern: 'internal/js_parser.(*parser).parse*' }],
  ['changes file bin/esbuild', { kind: 'changes', target: 'file', pattern: 'bin/esbuild' }],
  ['toolchain go1.20.10 -> go1.20.12', { kind: 'toolchain', from: 'go1.20.10', to: 'go1.20.12' }],
  ['toolchain go1.20.10 → go1.20.12', { kind: 'toolchain', from: 'go1.20.10', to: 'go1.20.12' }],
  ['toolchain from go1.20.10 to go1.20.12', { kind: 'toolchain', from: 'go1.20.10', to: 'go1.20.12' }],
  ['data_only', { kind: 'data_only' }],
  ['data only', { kind: 'data_only' }],
  ['no_semantic_change', { kind: 'no_semantic_change' }],
])('%s', (sentence, claim) => {
  const parsed = parseClaim(sentence);
  expect(parsed).toEqual(claim);
  expect(parseClaim(claimSentence(parsed))).toEqual(parsed);
  expect(claimFromJson(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
});

test.each([
  ['row 48: a path that climbs', 'changes a/../b', 'PATH'],
  ['row 48: a path that stays', 'changes a/./b', 'PATH'],
  ['row 48: an absolute path', 'changes /etc/passwd', 'PATH'],
  ['row 48: an empty segment', 'changes a//b', 'PATH'],
  ['row 48: a backslash', 'changes a\\b', 'BACKSLASH'],
  ['row 48: NUL', 'changes a\u0000b', 'CONTROL'],
  ['row 48: a line break', 'changes a\nb', 'CONTROL'],
  ['row 48: a decomposed accent', 'changes cafe\u0301', 'NOT_NFC'],
  ['row 48: text that runs the other way', 'changes a\u202eb', 'BIDIRECTIONAL'],
  ['row 48: an isolate', 'fixes incident a\u2067b', 'BIDIRECTIONAL'],
  ['row 48: a zero-width space', 'changes a\u200bb', 'INVISIBLE'],
  ['row 48: half a character', 'changes a\ud800', 'LONE_SURROGATE'],
  ['a look-alike space', 'changes\u00a0a', 'FORM'],
  ['two spaces', 'changes  a', 'FORM'],
  ['nothing', '', 'EMPTY'],
  ['a sentence of another kind', 'improves everything', 'FORM'],
  ['an incident that climbs', 'fixes incident a..b', 'INCIDENT_ID'],
  ['an incident with a slash', 'fixes incident a/b', 'INCIDENT_ID'],
  ['a toolchain that is none', 'toolchain go1.20 -> devel', 'TOOLCHAIN_VERSION'],
  ['a toolchain that stays', 'toolchain go1.20.1 -> go1.20.1', 'TOOLCHAIN_UNCHANGED'],
  ['three stars', 'changes a***', 'WILDCARD'],
  ['too many wildcards', `changes ${'*a'.repeat(9)}`, 'WILDCARDS_TOO_MANY'],
  ['a pattern that is too long', `changes ${'a'.repeat(LIMITS.patternBytesMax + 1)}`, 'TOO_LONG'],
  ['a sentence that is too long', `changes ${'a'.repeat(LIMITS.claimBytesMax)}`, 'TOO_LONG'],
])('%s is refused', (_, sentence, problem) => {
  expect(problemOf(() => parseClaim(sentence))).toBe(problem);
});

test.each([
  ['no object', 'changes a', 'FORM'],
  ['a kind of a prototype', { kind: 'toString' }, 'KIND'],
  ['a member too many', { kind: 'data_only', also: 'x' }, 'MEMBERS'],
  ['a member missing', { kind: 'changes', pattern: 'a' }, 'MEMBERS'],
  ['a number for a text', { kind: 'fixes_incident', incident: 7 }, 'MEMBERS'],
  ['a target that is none', { kind: 'changes', target: 'url', pattern: 'a' }, 'TARGET'],
  ['row 48: a path in a structured claim', { kind: 'changes', target: 'code', pattern: 'a/../b' }, 'PATH'],
  ['row 50: an address to fetch', { kind: 'changes', target: 'file', pattern: 'https://example.org/x' }, 'PATH'],
])('structured: %s is refused', (_, value, problem) => {
  expect(problemOf(() => claimFromJson(value))).toBe(problem);
});

test('an error spells out what cannot be seen', () => {
  try {
    parseClaim('changes a\u202eb');
    throw new Error('not refused');
  } catch (error) {
    expect(isDomainError(error, 'CLAIM_INVALID') && error.facts.claim).toBe('changes a\\u{202e}b');
  }
});

test('claims are bounded and distinct', () => {
  const many = Array.from({ length: LIMITS.claimsMax + 1 }, (_, i) => parseClaim(`changes a${i}`));
  expect(() => checkClaims(many)).toThrow(expect.objectContaining({ reason: 'CLAIMS_TOO_MANY' }));
  expect(checkClaims(many.slice(1))).toHaveLength(LIMITS.claimsMax);
  expect(problemOf(() => checkClaims([parseClaim('data only'), parseClaim('data_only')]))).toBe('TWICE');
  expect(problemOf(() => checkClaims([parseClaim('toolchain go1.1 -> go1.2'), parseClaim('toolchain go1.1 -> go1.3')]))).toBe('TWICE');
});

test('any text is either a claim that says itself again, or refused with a typed error', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }).map((s) => `changes ${s}`), fc.string().map((s) => `toolchain ${s}`));
  fc.assert(
    fc.property(text, (sentence) => {
      const problem = problemOf(() => {
        const claim = parseClaim(sentence);
        expect(parseClaim(claimSentence(claim))).toEqual(claim);
      });
      expect(problem === undefined || /^[A-Z_]+$/.test(problem)).toBe(true);
    }),
    { numRuns: 2_000, seed: 3205 },
  );
});
