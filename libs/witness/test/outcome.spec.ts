import { readFileSync } from 'node:fs';
import {
  canonicalDigest,
  canonicalOutcome,
  classify,
  isVerdict,
  nextStep,
  observedRun,
  rawDigest,
  variance,
  type Expectation,
  type ObservedRun,
  type RunOutcome,
} from '../src/index.js';
import { hex } from './fixtures.js';

const overflow = (run: number): RunOutcome => ({
  exit: { code: 2 },
  capHit: null,
  stdout: new Uint8Array(),
  stderr: readFileSync(new URL(`data/esbuild-3052-${run}.txt`, import.meta.url)),
});
const ended = (code: number, stdout = '', capHit: RunOutcome['capHit'] = null): RunOutcome => ({
  exit: { code },
  capHit,
  stdout: Buffer.from(stdout),
  stderr: new Uint8Array(),
});
const canonical = (run: RunOutcome) => canonicalOutcome(run, 'go-panic/1');
const fixed = ended(0, 'a {}\n');
const expectation: Expectation = {
  failure: { ...canonical(overflow(1)), canonicaliser: 'go-panic/1' },
  passPredicate: { exitCode: 0, stdoutSha256: canonical(fixed).stdoutSha256 },
  sameArtifact: true,
};
const observed = (run: RunOutcome): ObservedRun => observedRun(canonical(run), expectation);
const NOT_RUN: ObservedRun = { observation: 'not-run', canonicalSha256: null };

test('five free runs of one overflow reproduce it: raw they vary, canonically not', () => {
  const runs = [2, 3, 4, 5, 6].map(overflow);
  expect(new Set(runs.map(rawDigest)).size).toBe(5);
  const seen = runs.map(observed);
  expect(variance(seen)).toBe(0);
  expect(classify(seen, 5)).toBe('reproduced');
});

test.each([
  ['the owner’s fix', fixed, 'fixed'],
  ['a program that exits 0 and does nothing', ended(0), 'not-reproduced'],
  ['other output with exit 0', ended(0, 'b {}\n'), 'not-reproduced'],
  ['another failure', ended(1, '', null), 'different-failure'],
  ['the right output, cut by a cap', ended(0, 'a {}\n', 'output'), 'different-failure'],
  ['a signal', { ...ended(0), exit: { signal: 11 } }, 'different-failure'],
])('%s', (_, run, expected) => {
  expect(classify([observed(run), observed(run)], 2)).toBe(expected);
  expect(isVerdict(classify([observed(run), observed(run)], 2))).toBe(expected === 'fixed');
});

test('two canonical outcomes are flaky, even where both pass or both are well', () => {
  expect(classify([observed(fixed), observed(overflow(1))], 2)).toBe('flaky');
  expect(classify([observed(fixed), observed({ ...fixed, stderr: Buffer.from('note') })], 2)).toBe('flaky');
  expect(classify([observed(ended(0, 'x')), observed(ended(0, 'y'))], 2)).toBe('flaky');
});

test('too few runs are no verdict', () => {
  expect(classify([], 1)).toBe('infrastructure');
  expect(classify([NOT_RUN, NOT_RUN], 2)).toBe('infrastructure');
  expect(classify([observed(fixed), NOT_RUN], 2)).toBe('infrastructure');
  expect(classify([observed(fixed), NOT_RUN, observed(overflow(1))], 5)).toBe('flaky');
});

test('on another build the stack decides where both sides have named it, else the output', () => {
  const failure = { ...expectation.failure, stackFingerprint: `k1:${hex('a')}` };
  const elsewhere: Expectation = { ...expectation, failure, sameArtifact: false };
  const run = { ...overflow(1), stderr: Buffer.from('other line numbers') };
  const observe = (stackFingerprint: string | undefined, where: Expectation) =>
    observedRun(canonical({ ...run, ...(stackFingerprint && { stackFingerprint }) }), where).observation;
  expect(observe(`k1:${hex('a')}`, elsewhere)).toBe('expected-failure');
  expect(observe(`k1:${hex('b')}`, elsewhere)).toBe('other-failure');
  expect(observe(`k0:${hex('a')}`, elsewhere)).toBe('other-failure');
  expect(observe(undefined, elsewhere)).toBe('other-failure');
  expect(observe(`k1:${hex('a')}`, { ...elsewhere, sameArtifact: true })).toBe('other-failure');
});

test('the stack is part of what must not vary', () => {
  const digest = (stackFingerprint: string) => canonicalDigest(canonical({ ...overflow(1), stackFingerprint }));
  expect(digest(`k0:${hex('a')}`)).not.toBe(digest(`k0:${hex('b')}`));
});

describe('a sequential plan', () => {
  const plan = { replays: 5, parallel: 4, notRunMax: 3 };
  const good = observed(fixed);

  test('starts with one, then fills the pool, and never overshoots', () => {
    expect(nextStep(plan, [])).toEqual({ action: 'run', count: 1 });
    expect(nextStep(plan, [good])).toEqual({ action: 'run', count: 4 });
    expect(nextStep(plan, [good, good, good, good])).toEqual({ action: 'run', count: 1 });
    expect(nextStep(plan, [good, good, good, good, good])).toEqual({ action: 'stop', reason: 'enough' });
  });

  test('stops at the first difference, and when nothing can be run', () => {
    expect(nextStep(plan, [good, observed(overflow(1))])).toEqual({ action: 'stop', reason: 'variance' });
    expect(nextStep(plan, [good, NOT_RUN, NOT_RUN])).toEqual({ action: 'run', count: 4 });
    expect(nextStep(plan, [good, NOT_RUN, NOT_RUN, NOT_RUN])).toEqual({ action: 'stop', reason: 'infrastructure' });
    expect(nextStep(plan, [NOT_RUN, NOT_RUN, good])).toEqual({ action: 'run', count: 4 });
  });

  test.each([{ replays: 0 }, { replays: 1_001 }, { parallel: 0 }, { notRunMax: 1.5 }])('%j is refused', (change) => {
    expect(() => nextStep({ ...plan, ...change }, [])).toThrow(expect.objectContaining({ reason: 'REPLAY_COUNT_INVALID' }));
  });
});
