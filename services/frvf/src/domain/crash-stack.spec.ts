import { readFileSync } from 'node:fs';
import { crashStackOf, identityOf, symbolPointersOf } from './crash-stack.js';
import { limits } from './limits.js';

const sample = (name: string): Buffer => readFileSync(new URL(`../../../../libs/witness/test/data/${name}.txt`, import.meta.url));
const frame = (moduleOffset: string, symbol: string | null = null) => ({ pc: '0x1', module: 'prog', moduleOffset, gnuBuildId: 'ab12', symbol, trust: 'cfi' });
const unwound = (threads: object[]): Buffer => Buffer.from(JSON.stringify({ threads }));
const thread = (frames: object[], crashed = true) => ({ tid: 2, crashed, signal: crashed ? 11 : null, frames });

test('runs of a Go program that print other numbers have one stack', () => {
  const stacks = [1, 2, 3, 4, 5, 6].map((run) => crashStackOf({ exit: { code: 2 }, stderr: sample(`esbuild-3052-${run}`), unwound: undefined }));
  expect(stacks.map((stack) => stack?.format)).toEqual(Array.from({ length: 6 }, () => 'go-text'));
  expect(new Set(stacks.map(identityOf))).toEqual(new Set([expect.stringMatching(/^k1:[0-9a-f]{64}$/)]));
  expect(symbolPointersOf(stacks[0])).toEqual([]);
});

test('what a program prints that handles its own signal says more than its unwound stack', () => {
  const stack = crashStackOf({ exit: { code: 2 }, stderr: sample('ledger-nil'), unwound: unwound([thread([frame('0x10')])]) });
  expect(stack?.format).toBe('go-text');
});

test('a signal that nobody handled gives the unwound stack, and its machine code', () => {
  const run = { exit: { signal: 11 }, stderr: new Uint8Array(), unwound: unwound([thread([frame('0x99')], false), thread([frame('0x10', 'inner'), { ...frame('0x20', 'main'), gnuBuildId: null }])]) };
  const stack = crashStackOf(run);
  expect(stack?.format).toBe('native-json');
  expect(identityOf(stack)).toMatch(/^k1:/);
  expect(symbolPointersOf(stack)).toEqual([{ gnuBuildId: 'ab12', moduleOffset: '0x10', identity: null }]);
});

test('without names only the exact machine code tells two stacks apart', () => {
  const identity = (offset: string) => identityOf(crashStackOf({ exit: { signal: 6 }, stderr: new Uint8Array(), unwound: unwound([thread([frame(offset)])]) }));
  expect(identity('0x10')).toMatch(/^k0:/);
  expect(identity('0x10')).not.toBe(identity('0x11'));
});

test('other threads are left out where all together are too large', () => {
  const others = Array.from({ length: 100 }, () => thread(Array.from({ length: 60 }, () => frame('0x99')), false));
  const stack = crashStackOf({ exit: { signal: 11 }, stderr: new Uint8Array(), unwound: unwound([...others, thread([frame('0x10')])]) });
  expect(stack?.body.length).toBeLessThan(limits.stackBytesMax);
  expect(JSON.parse(Buffer.from(stack?.body ?? []).toString()).threads).toHaveLength(1);
});

test.each([
  ['a program that ended well', { code: 0 }, 'goroutine 1 [running]:\nmain.main()\n\t/a/b.go:1 +0x1\n'],
  ['an ordinary complaint', { code: 1 }, 'error: no such file\n'],
  ['nothing', { code: 1 }, ''],
  ['a signal without an unwound stack', { signal: 9 }, ''],
])('%s has no stack', (_, exit, stderr) => {
  expect(crashStackOf({ exit, stderr: Buffer.from(stderr), unwound: undefined })).toBeUndefined();
  expect(identityOf(undefined)).toBeUndefined();
});
