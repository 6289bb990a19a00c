import type { Outcome } from '@stella/policy';
import { takenBack, type TakenBack } from './succession.js';

const after = (outcome: Outcome, earlier: readonly Outcome[], { isWhole = true, isRefuted = false } = {}): TakenBack => takenBack({ outcome, isWhole }, { toSameQuestion: new Set(earlier), isRefuted });

test.each<[Outcome, readonly Outcome[], TakenBack]>([
  ['ALLOW', [], 'nothing'],
  ['ALLOW', ['ALLOW'], 'nothing'],
  ['ALLOW', ['REVIEW'], 'nothing'],
  ['ALLOW', ['DENY'], 'nothing'],
  ['REVIEW', [], 'nothing'],
  ['REVIEW', ['ALLOW'], 'question'],
  ['REVIEW', ['REVIEW'], 'nothing'],
  ['REVIEW', ['DENY'], 'nothing'],
  ['DENY', [], 'nothing'],
  ['DENY', ['ALLOW'], 'question'],
  ['DENY', ['REVIEW'], 'question'],
  ['DENY', ['DENY'], 'nothing'],
  ['DENY', ['DENY', 'REVIEW', 'ALLOW'], 'question'],
])('%s after %j to the same question takes back: %s', (outcome, earlier, expected) => {
  expect(after(outcome, earlier)).toBe(expected);
});

test.each<[Outcome, TakenBack]>([
  ['DENY', 'candidate'],
  ['REVIEW', 'candidate'],
  ['ALLOW', 'nothing'],
])('evidence against the candidate that some ALLOW did not know: %s takes back: %s', (outcome, expected) => {
  for (const earlier of [[], ['ALLOW'], ['DENY']] as const) expect(after(outcome, earlier, { isRefuted: true })).toBe(expected);
});

test('silence takes nothing back; evidence does, whoever else was silent', () => {
  expect(after('DENY', ['ALLOW'], { isWhole: false })).toBe('nothing');
  expect(after('REVIEW', ['ALLOW'], { isWhole: false })).toBe('nothing');
  expect(after('DENY', ['ALLOW'], { isWhole: false, isRefuted: true })).toBe('candidate');
});
