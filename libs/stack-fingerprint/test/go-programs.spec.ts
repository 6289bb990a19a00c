import { MemoryTraceIndex, analyseStack, matchTrace } from '../src/index.js';
import { sample, sampleText } from './samples.js';

const FAILURES = ['index', 'nil', 'generic', 'guarded', 'deadlock', 'goroutine'];

async function known(): Promise<MemoryTraceIndex> {
  const index = new MemoryTraceIndex();
  for (const failure of FAILURES) await index.put({ traceId: failure, incidentId: failure, ...sample(`ledger-${failure}.txt`) });
  return index;
}

test.each(FAILURES)('%s: a build without inlining is the same incident, and no other', async (failure) => {
  const result = await matchTrace(sample(`ledger-${failure}-uninlined.txt`), await known());
  const same = result.candidates.filter((candidate) => candidate.decision === 'same');
  expect(same.filter((candidate) => candidate.incidentId !== failure)).toEqual([]);
  expect(result.candidates[0]?.incidentId).toBe(failure);
});

test('a panic that was raised again while it was handled keeps its first cause', () => {
  const { trace } = sample('ledger-guarded.txt');
  expect(trace.failure).toEqual({
    kind: 'runtime-error',
    type: 'index-out-of-range',
    messageTemplate: 'runtime error: index out of range [<n>] with length <n>',
  });
  const weighty = trace.frames.filter((frame) => frame.weight > 0);
  expect(weighty[0]?.key).toBe('app/store.Ledger.At');
});

test('names are those of the field: closures, generics and receivers unified, paths relative', () => {
  expect(sample('ledger-index.txt').trace.frames.map((frame) => [frame.key, frame.file, frame.line])).toEqual([
    ['app/store.Ledger.At', 'store/store.go', 10],
    ['main.main.{closure}', 'main.go', 6],
    ['app/store.Ledger.Each.{closure}', 'store/store.go', 14],
    ['app/store.Ledger.Each', 'store/store.go', 14],
    ['main.main', 'main.go', 6],
  ]);
  expect(sample('ledger-generic.txt').trace.frames[0]?.key).toBe('app/store.Table<T>.Put');
  expect(sample('ledger-nil.txt').trace.failure).toMatchObject({ type: 'nil-dereference', signal: 'SIGSEGV' });
  expect(sample('ledger-deadlock.txt').trace).toMatchObject({ failure: { kind: 'fatal', type: 'deadlock' } });
});

test('nothing stored tells where or by whom the program was built', () => {
  for (const failure of FAILURES) {
    expect(JSON.stringify(sample(`ledger-${failure}.txt`))).not.toContain('builder');
  }
});

test('a renamed function and an inserted wrapper are the same incident', async () => {
  const index = new MemoryTraceIndex();
  await index.put({ traceId: 'old', ...sample('esbuild-3551-0.19.9.txt') });
  const text = sampleText('esbuild-3551-0.19.9.txt');
  const renamed = text.replaceAll('visitStmtsAndPrependTempRefs', 'visitStatementsWithTemps');
  const wrapped = text.replace(/^( {2}js_parser\.\(\*parser\)\.appendPart .*)$/m, '  js_parser.(*parser).appendAll (internal/js_parser/js_parser.go:1)\n$1');
  expect(wrapped).not.toBe(text);
  for (const variant of [renamed, wrapped]) {
    expect((await matchTrace(analyseStack(variant), index)).candidates[0]).toMatchObject({ decision: 'same', level: 'K3' });
  }
});
