import { readFileSync, readdirSync } from 'node:fs';
import { analyseStack } from '@stella/stack-fingerprint';
import fc from 'fast-check';
import { scrubSource, stackIdOf } from './stack-source.js';
import { analyse } from './stack.js';
import { SymbolTable, unnamedLocations } from './symbol-table.js';

const DATA = new URL('../../../../libs/stack-fingerprint/test/data/', import.meta.url);
const MEBIBYTE = 1 << 20;
const none = new SymbolTable();
const samples = readdirSync(DATA).filter((name) => /^(esbuild|ledger).*\.txt$|^lua.*O\d\.json$/.test(name));
const sample = (name: string): string => readFileSync(new URL(name, DATA), 'utf8');
const scrubbed = (text: string) => scrubSource({ kind: 'text', text }, MEBIBYTE);

test('there are samples', () => expect(samples.length).toBeGreaterThanOrEqual(20));

test.each(samples)('%s: scrubbing first changes nothing of what it is recognised by', (name) => {
  const raw = analyseStack(sample(name));
  const { trace, fingerprints } = analyse(scrubbed(sample(name)), none);
  expect(fingerprints).toEqual(raw.fingerprints);
  expect(trace.frames).toEqual(raw.trace.frames);
  expect(trace.failure).toEqual(raw.trace.failure);
});

test('scrubbing what is scrubbed changes nothing, so that a stored stack can be sent again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }).filter((text) => text.trim() !== ''), (text) => {
      const once = scrubbed(`goroutine 1 [running]:\n${text}`);
      expect(scrubbed(once.body)).toEqual(once);
    }),
    { numRuns: 200 },
  );
});

test('absolute addresses, thread ids and folders of a native stack do not make another stack', () => {
  const stack = JSON.parse(sample('lua-5.4.0-O2.json')) as { threads: { tid: number; registers: unknown; frames: { pc: string; module: string }[] }[] };
  const id = stackIdOf('acme', scrubbed(JSON.stringify(stack)));
  for (const thread of stack.threads) {
    thread.tid += 17;
    thread.registers = {};
    for (const frame of thread.frames) {
      frame.pc = '0x7fff00001000';
      frame.module = `/tmp/run-4711/${frame.module}`;
    }
  }
  expect(stackIdOf('acme', scrubbed(JSON.stringify(stack)))).toBe(id);
  expect(stackIdOf('other', scrubbed(JSON.stringify(stack)))).not.toBe(id);
});

test('JSON that is pasted as text is the same stack as JSON that is sent as such', () => {
  const json = sample('lua-5.4.0-O2.json');
  expect(scrubbed(json)).toEqual(scrubSource({ kind: 'native-json', json: Buffer.from(json) }, MEBIBYTE));
});

test('a long mangled name is kept, a token in an odd symbol is not', () => {
  const symbol = '_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start$LT$$LP$$RP$$GT$..$u7b$$u7b$closure$u7d$$u7d$$GT$17h0123456789abcdefE';
  const withSymbol = (value: string) => JSON.stringify({ threads: [{ crashed: true, signal: 11, frames: [{ module: 'a', moduleOffset: '0x10', symbol: value, trust: 'cfi' }] }] });
  expect(scrubbed(withSymbol(symbol)).body).toContain(symbol);
  const odd = `call /home/alice/x ghp_${'a1'.repeat(18)}`;
  expect(scrubbed(withSymbol(odd)).body).not.toMatch(/alice|ghp_a1/);
});

test('the addresses that are asked for are those that names are taken from', () => {
  const { trace } = analyse(scrubbed(sample('lua-5.4.0-O2.json')), none);
  const { gnuBuildId, symbols } = JSON.parse(sample('lua-5.4.0-O2.symbols.json')) as { gnuBuildId: string; symbols: Record<string, unknown> };
  const asked = unnamedLocations(trace);
  expect(asked.length).toBe(10);
  expect(asked.every((location) => location.gnuBuildId === gnuBuildId && location.moduleOffset in symbols)).toBe(true);
});

test('long names with digits stay apart, a secret of the same shape in the message goes', () => {
  const names = ['resolveConditionalTypeInstantiationWithMapper2', 'resolveConditionalTypeInstantiationWithMapper23'];
  const secret = 'a8'.repeat(24);
  const text = `panic: key ${secret}\n\ngoroutine 1 [running]:\n${names.map((name, at) => `example.com/app.${name}(0x1)\n\t/home/alice/app/${name}.go:${at + 1} +0x1\n`).join('')}`;
  const source = scrubbed(text);
  expect(source.body).not.toMatch(/alice|a8a8/);
  expect(analyse(source, none).trace.frames.map((frame) => frame.function)).toEqual(analyseStack(text).trace.frames.map((frame) => frame.function));
  for (const name of names) expect(source.body).toContain(`.${name}(`);
});

test('marks that a text brings itself put nothing into it', () => {
  const source = scrubbed('panic: \uE0000\uE000\n\ngoroutine 1 [running]:\nmain.f()\n\t/s/a.go:1 +0x1\n');
  expect(source.body).toContain('\uE0000\uE000');
});
