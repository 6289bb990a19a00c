import { buildVerifyResult, parseVerifyResult, verifyCacheKey, type ReplayRun, type VerifyCacheKeyParts } from '../src/index.js';
import { hex, RESULT_INPUT } from './fixtures.js';

const [FIRST, SECOND, ...REST] = RESULT_INPUT.runs as [ReplayRun, ReplayRun, ...ReplayRun[]];

test('every figure follows from the runs', () => {
  expect(buildVerifyResult(RESULT_INPUT)).toMatchObject({
    outcome: 'reproduced',
    replays: 20,
    successes: 20,
    successLowerBoundPpm: 860_891,
    canonicalVariance: 0,
    rawVariance: 2,
    capHits: [],
  });
  const passed = RESULT_INPUT.runs.map((run) => ({ ...run, observation: 'passed' as const }));
  expect(buildVerifyResult({ ...RESULT_INPUT, runs: passed })).toMatchObject({ outcome: 'fixed', successes: 20 });
});

test('runs that could not be made, hit a cap or differ are told', () => {
  const notRun: ReplayRun = { ...FIRST, observation: 'not-run', rawSha256: null, canonicalSha256: null };
  expect(buildVerifyResult({ ...RESULT_INPUT, runs: [notRun, SECOND, ...REST] })).toMatchObject({
    outcome: 'infrastructure',
    replays: 19,
    successes: 19,
  });
  const capped: ReplayRun = { ...FIRST, observation: 'other-failure', canonicalSha256: hex('b'), capHit: 'wall' };
  expect(buildVerifyResult({ ...RESULT_INPUT, runs: [capped, SECOND, ...REST] })).toMatchObject({
    outcome: 'flaky',
    canonicalVariance: 1,
    successes: 19,
    capHits: [{ cap: 'wall', runs: 1 }],
  });
});

test.each([
  ['outcome', { outcome: 'fixed' }],
  ['replays', { replays: 19 }],
  ['successes', { successes: 19 }],
  ['successLowerBoundPpm', { successLowerBoundPpm: 950_494 }],
  ['canonicalVariance', { canonicalVariance: 1 }],
  ['rawVariance', { rawVariance: 0 }],
  ['capHits', { capHits: [{ cap: 'cpu', runs: 1 }] }],
  ['runs', { runs: [FIRST, FIRST, ...REST] }],
  ['runs', { runs: [{ ...FIRST, rawSha256: null }, SECOND, ...REST] }],
  ['runs', { runs: [{ ...FIRST, observation: 'not-run' }, SECOND, ...REST] }],
  ['runs', { runs: [{ ...FIRST, observation: 'passed' }, SECOND, ...REST] }],
])('a result whose %s does not fit is refused: %#', (member, change) => {
  expect(() => parseVerifyResult({ ...buildVerifyResult(RESULT_INPUT), ...change })).toThrow(
    expect.objectContaining({ reason: 'VERIFY_RESULT_INVALID', facts: expect.objectContaining({ member }) }),
  );
});

test('a result of another shape is refused by its schema', () => {
  for (const change of [{ extra: 1 }, { witnessId: 'x' }, { runs: [] }, { outcome: 'ok' }]) {
    expect(() => parseVerifyResult({ ...buildVerifyResult(RESULT_INPUT), ...change })).toThrow(expect.objectContaining({ reason: 'SCHEMA_INVALID' }));
  }
});

describe('the cache key', () => {
  const parts: VerifyCacheKeyParts = {
    tenant: 'acme',
    witnessId: hex('1'),
    artifactSha256: hex('2'),
    closure: [
      { path: '/lib/a', sha256: hex('3') },
      { path: '/lib/b', sha256: hex('4') },
    ],
    imageSha256: null,
    runnerSha256: hex('5'),
    determinism: 'D1',
    isolation: 'I1',
    knobs: [{ name: 'aslr', value: 'off' }],
    canonicaliser: 'go-panic/1',
    replays: 20,
    kernel: '6.1.0',
    cpuModelClass: 'GenuineIntel/6/85',
    policySha256: hex('6'),
  };

  test('is the same for the same content, in any order', () => {
    expect(verifyCacheKey({ ...parts, closure: parts.closure.toReversed() })).toBe(verifyCacheKey(parts));
  });

  test('differs in each of its parts', () => {
    const changes: Partial<VerifyCacheKeyParts>[] = [
      { tenant: 'other' }, { witnessId: hex('0') }, { artifactSha256: hex('0') }, { closure: [] }, { imageSha256: hex('0') },
      { closure: [{ path: '/lib/a', sha256: hex('4') }, { path: '/lib/b', sha256: hex('3') }] }, { runnerSha256: hex('0') },
      { determinism: 'D2' }, { isolation: 'I2' }, { knobs: [] }, { knobs: [{ name: 'aslr', value: 'on' }] },
      { canonicaliser: 'identity/1' }, { replays: 59 }, { kernel: '6.2.0' }, { cpuModelClass: 'x' }, { policySha256: hex('0') },
    ];
    const keys = [parts, ...changes.map((change) => ({ ...parts, ...change }))].map(verifyCacheKey);
    expect(new Set(keys).size).toBe(changes.length + 1);
    expect(Object.keys(parts).every((part) => changes.some((change) => part in change))).toBe(true);
  });
});
