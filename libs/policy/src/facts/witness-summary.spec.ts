import { summariseWitnesses, type WitnessResult } from './witness-summary.js';

const ARTIFACTS = { baselineSha256: 'b'.repeat(64), candidateSha256: 'c'.repeat(64) };
let next = 0;

function result(side: 'baseline' | 'candidate', outcome: WitnessResult['outcome'], options: Partial<WitnessResult> = {}): WitnessResult {
  next += 1;
  return {
    witness: 'w1',
    incident: 'i1',
    artifactSha256: ARTIFACTS[`${side}Sha256`],
    outcome,
    runIds: Array.from({ length: 20 }, (_, i) => `run-${next}-${i}`),
    successLowerBoundPpm: 860_891,
    variance: 0,
    evidence: next.toString(16).padStart(64, '0'),
    ...options,
  };
}

const summarise = (results: readonly WitnessResult[]) => summariseWitnesses(results, ARTIFACTS, ['i1']);

test('a fix is a failure before and the owner’s pass predicate after', () => {
  const summary = summarise([result('baseline', 'reproduced'), result('candidate', 'fixed')]);
  expect(summary).toMatchObject({ total: 1, claimed: 1, baselineReproduced: 1, candidateFixed: 1, notCompleted: 0, replaysMin: 20, successLowerBoundMinPpm: 860_891, varianceMax: 0 });
  expect(summary.incidents.get('i1')).toBe('fixed');
});

test.each([
  ['reproduced', 'reproduced', 'reproduces'],
  ['reproduced', 'not-reproduced', 'inconclusive'],
  ['reproduced', 'flaky', 'inconclusive'],
  ['reproduced', 'infrastructure', 'inconclusive'],
  ['fixed', 'fixed', 'not-in-baseline'],
] as const)('%s before and %s after: %s', (before, after, state) => {
  expect(summarise([result('baseline', before), result('candidate', after)]).incidents.get('i1')).toBe(state);
});

test('a missing side is not completed', () => {
  expect(summarise([result('baseline', 'reproduced')])).toMatchObject({ notCompleted: 1, candidateFixed: 0 });
  expect(summarise([result('candidate', 'fixed')])).toMatchObject({ notCompleted: 1, baselineReproduced: 0 });
});

test('no witness: nothing is known of replays', () => {
  const summary = summarise([]);
  expect(summary).toMatchObject({ total: 0, claimed: 0 });
  expect(summary.replaysMin).toBeUndefined();
  expect(summary.incidents.get('i1')).toBe('no-witness');
});

test('of two answers about a candidate the worse one counts, in either order', () => {
  const fixed = result('candidate', 'fixed');
  const bad = result('candidate', 'reproduced');
  for (const results of [[fixed, bad], [bad, fixed]]) expect(summarise(results)).toMatchObject({ candidateReproduced: 1, candidateFixed: 0 });
});

describe('row 54', () => {
  test('one run counted in two results is refused', () => {
    const first = result('candidate', 'fixed');
    const again = result('candidate', 'fixed', { runIds: first.runIds });
    expect(summarise([first, again]).refused).toEqual([again.evidence]);
  });

  test('one run counted N times in a result is refused', () => {
    const repeated = result('candidate', 'fixed', { runIds: Array.from({ length: 20 }, () => 'run-x') });
    expect(summarise([repeated])).toMatchObject({ total: 0, refused: [repeated.evidence] });
  });

  test('the result of another artifact is refused', () => {
    const foreign = result('candidate', 'fixed', { artifactSha256: 'a'.repeat(64) });
    expect(summarise([foreign])).toMatchObject({ total: 0, refused: [foreign.evidence] });
  });

  test('the same statement twice is one', () => {
    const one = result('candidate', 'fixed');
    expect(summarise([one, one])).toMatchObject({ candidateFixed: 1, refused: [] });
  });
});
