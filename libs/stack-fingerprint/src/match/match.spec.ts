import { analyseStack } from '../analyse.js';
import { explain } from './explain.js';
import { matchTrace } from './match.js';
import { MemoryTraceIndex } from './memory-trace-index.js';

const go = (...frames: string[]): string =>
  `panic: boom\n\ngoroutine 1 [running]:\n${frames.map((name) => `${name}()\n\tx.go:1 +0x1\n`).join('')}`;
const A = go('a.fail', 'a.read', 'a.load', 'b.run', 'b.serve', 'main.main');

async function indexOf(...texts: string[]): Promise<MemoryTraceIndex> {
  const index = new MemoryTraceIndex();
  for (const [at, text] of texts.entries()) await index.put({ traceId: `t${at}`, ...analyseStack(text) });
  return index;
}

test('an explanation adds up to the score, and tells what each frame gave', async () => {
  const query = analyseStack(go('a.fail', 'a.wrap', 'a.read', 'a.load', 'b.run', 'b.serve', 'main.main'));
  const [best] = (await matchTrace(query, await indexOf(A))).candidates;
  const told = explain(query.trace, best!);
  expect(told.frames.reduce((sum, row) => sum + row.contribution, 0)).toBeCloseTo(told.score, 10);
  expect(told.frames.map((row) => [row.query?.name ?? row.candidate?.name, row.relation])).toEqual([
    ['a.fail', 'matched'],
    ['a.wrap', 'query-only'],
    ['a.read', 'moved'],
    ['a.load', 'moved'],
    ['b.run', 'moved'],
    ['b.serve', 'moved'],
    ['main.main', 'moved'],
  ]);
});

test('the same stack that fails in another way is only related', async () => {
  const nil = A.replace('boom', 'runtime error: invalid memory address or nil pointer dereference');
  const { candidates } = await matchTrace(analyseStack(nil), await indexOf(A));
  expect(candidates[0]).toMatchObject({ decision: 'related', ground: 'failure-differs' });
});

test('one function is too little to call two crashes the same', async () => {
  const { candidates } = await matchTrace(analyseStack(go('main.main')), await indexOf(go('main.main')));
  expect(candidates[0]).toMatchObject({ decision: 'related', level: 'K1', ground: 'too-short' });
});

test('text of no known format is never more than related', async () => {
  const text = 'Traceback: something odd happened in module seven';
  const { candidates, decision } = await matchTrace(analyseStack(text), await indexOf(text, A));
  expect(decision).toBe('related');
  expect(candidates).toHaveLength(1);
  expect(candidates[0]).toMatchObject({ traceId: 't0', level: 'K0', ground: 'format-unknown' });
});

test('a stack that shares nothing is new', async () => {
  const result = await matchTrace(analyseStack(go('z.one', 'z.two', 'z.three')), await indexOf(A));
  expect(result).toMatchObject({ decision: 'new', candidates: [], considered: 0 });
});

test('what was removed or replaced is found no more', async () => {
  const index = await indexOf(A);
  await index.put({ traceId: 't0', ...analyseStack(go('z.one', 'z.two')) });
  expect((await matchTrace(analyseStack(A), index)).decision).toBe('new');
  expect(await index.remove('t0')).toBe(true);
  expect(await index.remove('t0')).toBe(false);
  expect(await index.size()).toBe(0);
});

test('a search that ran out of budget says so', async () => {
  const index = await indexOf(A, go('a.fail', 'main.main'));
  const { fingerprints } = analyseStack(go('b.serve', 'main.main', 'q.q'));
  const found = await index.candidates({ fingerprints, candidatesMax: 50, postingsMax: 2 });
  expect(found).toMatchObject({ budgetSpent: true });
  expect(found.traces.map((entry) => entry.traceId)).toEqual(['t0']);
});

test('traces of different rule versions are not compared', async () => {
  const index = new MemoryTraceIndex();
  const { trace, fingerprints } = analyseStack(A);
  await index.put({ traceId: 'old', trace, fingerprints: { ...fingerprints, normaliserVersion: 'csfg-normaliser/0' } });
  await expect(matchTrace({ trace, fingerprints }, index)).rejects.toMatchObject({ reason: 'NORMALISER_VERSION_MISMATCH' });
});
