import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RE2JS } from '@bufbuild/re2';
import { matchesPattern } from './patterns.js';

const PROTO = join(import.meta.dirname, '../../../../proto/stella');
const files = readdirSync(PROTO, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
const patterns = [...new Set(files.flatMap((name) => [...readFileSync(join(PROTO, name), 'utf8').matchAll(/pattern\s*[=:]\s*"([^"]+)"/g)].map(([, pattern = '']) => pattern)))];

/** What fits `pattern`, and what nearly does: one character more, less, other, in another case, of another script, another line. */
function candidates(pattern: string): string[] {
  const whole = pattern
    .replace(/^\^|\$$|[()?]/g, '')
    .replace(/\[(.)[^\]]*\](?:\{(\d+)(?:,(\d+))?\})?/g, (_all, first: string, min = '1', max?: string) => first.repeat(Number(max ?? min)));
  const changes = ['', 'x', 'X', '\n', '\u0000', '-', '.', '/', 'ſ', 'K', '😀', 'é'];
  const at = [0, Math.floor(whole.length / 2), whole.length];
  return ['', whole, whole.toUpperCase(), `${whole}${whole}`, ...at.flatMap((place) => changes.flatMap((change) => [whole.slice(0, place) + change + whole.slice(place), whole.slice(0, place) + change + whole.slice(place + 1)]))];
}

test('there are patterns in the contracts', () => {
  expect(patterns.length).toBeGreaterThan(15);
});

test.each(patterns)('%s matches what RE2 says', (pattern) => {
  const re2 = RE2JS.compile(pattern);
  const all = candidates(pattern);
  expect(all.map((text) => [text, matchesPattern(pattern, text)])).toEqual(all.map((text) => [text, re2.test(text)]));
  expect(all.some((text) => re2.test(text))).toBe(true);
});

test.each([
  ['a class of another script', '^\\p{Greek}+$', 'αβγ', true],
  ['any character counts as one', '^.{1}$', '😀', true],
  ['nothing is tried twice', '^(a+)+$', `${'a'.repeat(40)}!`, false],
  ['nor are many lengths of neighbours', '^[a-z]{0,900}[a-z]{0,900}[a-z]{0,900}$', `${'a'.repeat(2_000)}!`, false],
])('what is not plain goes by RE2: %s', (_what, pattern, text, isMatch) => {
  expect(matchesPattern(pattern, text)).toBe(isMatch);
});
