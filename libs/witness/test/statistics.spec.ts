import fc from 'fast-check';
import { replaysForBound, REPLAYS, successLowerBound, successLowerBoundPpm } from '../src/index.js';

test('59 of 59 bound the rate at 0.95, 58 do not; 20 of 20 leave 14 %', () => {
  expect(successLowerBound(59, 59)).toBeGreaterThanOrEqual(0.95);
  expect(successLowerBound(58, 58)).toBeLessThan(0.95);
  expect(successLowerBoundPpm(59, 59)).toBe(950_492);
  expect(successLowerBound(20, 20)).toBeCloseTo(0.8609, 4);
  expect(replaysForBound(0.95)).toBe(REPLAYS.badge);
});

// Reference values: the binomial tail solved in exact rational arithmetic.
test.each([
  [9, 10, 0.6058367],
  [5, 10, 0.2224411],
  [1, 10, 0.005116197],
  [57, 59, 0.8971108],
])('%i of %i', (successes, replays, bound) => {
  expect(successLowerBound(successes, replays)).toBeCloseTo(bound, 4);
});

test('the bound lies below the rate and grows with both numbers', () => {
  const counts = fc.integer({ min: 1, max: 1_000 }).chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
  fc.assert(
    fc.property(counts, ([k, n]) => {
      const bound = successLowerBound(k, n);
      expect(bound).toBeGreaterThanOrEqual(0);
      expect(bound).toBeLessThanOrEqual(k / n);
      if (k < n) expect(successLowerBound(k + 1, n)).toBeGreaterThan(bound);
      if (k === n && n < 1_000) expect(successLowerBound(n + 1, n + 1)).toBeGreaterThan(bound);
    }),
  );
});

test.each([
  [1, 0],
  [2, 1],
  [-1, 5],
  [0.5, 5],
  [1, 1_001],
])('%p of %p is refused', (successes, replays) => {
  expect(() => successLowerBound(successes, replays)).toThrow(expect.objectContaining({ reason: 'REPLAY_COUNT_INVALID' }));
});
