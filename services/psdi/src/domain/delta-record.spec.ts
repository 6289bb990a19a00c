import { type ChangedUnit, countChanges, deltaId } from './delta-record.js';

const unit = (kind: ChangedUnit['kind'], change: ChangedUnit['change']): ChangedUnit => ({ unitId: 'u', name: 'u', kind, change, baselineSizeBytes: 0, candidateSizeBytes: 0 });
const NONE = { function: 0, data: 0, metadata: 0, header: 0, padding: 0, residual: 0 };

test('what is not listed is identical, and every unit of the baseline is counted once', () => {
  const units = [unit('function', 'semantic'), unit('function', 'semantic'), unit('function', 'added'), unit('data', 'removed'), unit('residual', 'residual')];
  const counts = countChanges(units, { ...NONE, function: 10, data: 1, residual: 1 });
  expect(counts).toEqual(
    expect.arrayContaining([
      { kind: 'function', change: 'identical', count: 8 },
      { kind: 'function', change: 'semantic', count: 2 },
      { kind: 'function', change: 'added', count: 1 },
      { kind: 'data', change: 'removed', count: 1 },
      { kind: 'residual', change: 'residual', count: 1 },
    ]),
  );
  expect(counts).toHaveLength(5);
  const ofBaseline = counts.filter(({ change }) => change !== 'added').reduce((sum, { count }) => sum + count, 0);
  expect(ofBaseline).toBe(12);
});

test('the id of a delta is bound to both artifacts in their order, lifter and rules', () => {
  const pair = { baselineSha256: 'aa'.repeat(32), candidateSha256: 'bb'.repeat(32) };
  const lifter = { sha256: 'cc'.repeat(32), ruleset: 'r/1' };
  const ids = [
    deltaId(pair, lifter),
    deltaId({ baselineSha256: pair.candidateSha256, candidateSha256: pair.baselineSha256 }, lifter),
    deltaId(pair, { ...lifter, ruleset: 'r/2' }),
    deltaId(pair, { ...lifter, sha256: 'dd'.repeat(32) }),
  ];
  expect(new Set(ids).size).toBe(4);
  expect(deltaId(pair, lifter)).toBe(ids[0]);
});
