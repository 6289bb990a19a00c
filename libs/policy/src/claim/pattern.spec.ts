import fc from 'fast-check';
import { compilePattern } from './pattern.js';

test.each([
  ['internal/js_*', 'internal/js_parser', true],
  ['internal/js_*', 'internal/js_parser/deep', false],
  ['internal/js_*', 'internal/js_parser.Parse', false],
  ['internal/**', 'internal/js_parser.Parse', true],
  ['**', 'anything/at.(*all).here', true],
  ['**parser', 'internal/js_parser', true],
  ['*', 'main', true],
  ['*', 'a/b', false],
  ['pkg.(*parser).parse*', 'pkg.(*parser).parseStmt', true],
  ['pkg.(*parser).parse*', 'pkg.(*lexer).parseStmt', false],
  ['pkg.(*parser)', 'pkg.(*parser)', true],
  ['pkg.(*)', 'pkg.(anything)', true],
  ['a*b*c', 'axbyc', true],
  ['a*b*c', 'axbycz', false],
  ['pkg.F[...]', 'pkg.F[...]', true],
])('%s on %s: %s', (pattern, name, matches) => {
  expect(compilePattern(pattern).matches(name)).toBe(matches);
});

test('only a pattern without wildcards is exact; the star of a receiver is none', () => {
  expect(compilePattern('pkg.(*T).M').exact).toBe(true);
  expect(compilePattern('pkg.(*T).*').exact).toBe(false);
});

test('agrees with a regular expression of the same meaning', () => {
  const part = fc.constantFrom('a', 'b', '.', '/', '*', '**');
  const pattern = fc.array(part, { maxLength: 7 }).map((parts) => parts.join('')).filter((text) => !text.includes('***'));
  const name = fc.array(fc.constantFrom('a', 'b', '.', '/'), { maxLength: 10 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(pattern, name, (text, subject) => {
      const source = text.replace(/\*\*|\*|[./]/g, (found) => (found === '**' ? '.*' : found === '*' ? '[^./]*' : `\\${found}`));
      expect(compilePattern(text).matches(subject)).toBe(new RegExp(`^${source}$`, 's').test(subject));
    }),
    { numRuns: 5_000, seed: 3551 },
  );
});

test('a pattern made to backtrack is matched without it', () => {
  const subject = 'a'.repeat(20_000);
  expect(compilePattern('**a**a**a**a**a**a**a**b').matches(subject)).toBe(false);
});
