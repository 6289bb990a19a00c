import { RE2JS } from '@bufbuild/re2';

/**
 * Anchored sequences of plain text and classes of ASCII, each repeated a bounded number of times, and optional as a whole
 * at most: these mean the same in RE2 and in ECMAScript.
 */
const PLAIN = /^\^\(?(?:[A-Za-z0-9/_]|\[(?:[A-Za-z0-9._]|[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9])+-?\](?:\{\d{1,4}(?:,\d{1,4})?\})?)+(?:\)\?)?\$$/;
const REPEATED = /\{(\d+)(?:,(\d+))?\}/g;
/** As RE2. */
const REPEATS_MAX = 1_000;
/** In how many ways the lengths of a pattern's parts can be chosen, all of which the engine may try on a text that does not match. */
const WAYS_MAX = 10_000;

const matchers = new Map<string, { test(text: string): boolean }>();

/**
 * RE2 as the rules of a contract ask for (`buf.validate`), or the engine at hand, which is some fifty times as fast,
 * where both say the same. For the patterns of a contract, not for those of a caller: each is kept.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let matcher = matchers.get(pattern);
  if (matcher === undefined) {
    matcher = isPlain(pattern) ? new RegExp(pattern) : RE2JS.compile(pattern);
    matchers.set(pattern, matcher);
  }
  return matcher.test(text);
}

function isPlain(pattern: string): boolean {
  if (!PLAIN.test(pattern)) return false;
  const repeats = [...pattern.matchAll(REPEATED)].map(([, min = '', max = min]) => [Number(min), Number(max)] as const);
  const ways = repeats.reduce((product, [min, max]) => product * (max - min + 1), 1);
  return ways <= WAYS_MAX && repeats.every(([min, max]) => min <= max && max <= REPEATS_MAX);
}
