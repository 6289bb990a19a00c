import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDomainError } from '@stella/errors';
import { liftIndex } from './lift-index.js';

const dir = mkdtempSync(join(tmpdir(), 'lift-index-'));
const before = process.env.STELLA_NATIVE;
let serial = 0;
afterAll(() => {
  rmSync(dir, { recursive: true });
  if (before === undefined) delete process.env.STELLA_NATIVE;
  else process.env.STELLA_NATIVE = before;
});

/** A lifter that says these frames: objects as JSON, texts as pieces of a blob. */
function saying(...frames: (object | string)[]): void {
  const path = join(dir, `fake-${serial++}.cjs`);
  const body = `for (const f of ${JSON.stringify(frames)}) {
  const b = typeof f === 'string' ? Buffer.from('\\0' + f) : Buffer.from(JSON.stringify(f));
  const h = Buffer.alloc(4); h.writeUInt32LE(b.length);
  require('node:fs').writeSync(1, Buffer.concat([h, b]));
}`;
  writeFileSync(path, `#!${process.execPath}\n${body}`);
  chmodSync(path, 0o755);
  process.env.STELLA_NATIVE = path;
}

const HEADER = { lift: { format: 'elf', arch: 'x86-64', ruleset: 'r/1', sizeBytes: 1, toolchain: {}, stripped: true } };
const ROW = { unitId: 'fn:f', name: 'f', e1: '11', e2: '22', sizeBytes: 3 };
const end = (functions = 1) => ({ end: { units: 1, functions, bytesLoaded: 1, bytesCovered: 1, bytesResidual: 0, root: 'ab', sums: {}, unitsByKind: {} } });
const blob = (name: string, sizeBytes: number) => ({ blob: { name, sizeBytes } });
const WHOLE = [HEADER, { functions: [ROW] }, blob('set', 6), 'abc', 'def', blob('sides', 0), end()];

async function faultOf(...frames: (object | string)[]): Promise<string> {
  saying(...frames);
  try {
    await liftIndex('/nonexistent');
    return 'none';
  } catch (error) {
    if (isDomainError(error)) return error.reason;
    throw error;
  }
}

test('blobs are put together, each in memory of its own', async () => {
  saying(...WHOLE);
  const { header, functions, set, sides, end: totals } = await liftIndex('/nonexistent');
  expect([header.ruleset, functions, set.toString(), sides.length, totals.root]).toEqual(['r/1', [ROW], 'abcdef', 0, 'ab']);
  expect(set.buffer.byteLength).toBe(6);
});

test('a piece that reads like a frame is none', async () => {
  const text = '{"end":{}}';
  saying(HEADER, { functions: [ROW] }, blob('set', text.length), text, blob('sides', 17), '{"error":{"reason', end());
  expect((await liftIndex('/nonexistent')).set.toString()).toBe(text);
});

test.each<[string, (object | string)[]]>([
  ['no header', WHOLE.slice(1)],
  ['a header and nothing more', [HEADER, end(0)]],
  ['no side records', [...WHOLE.slice(0, 5), end()]],
  ['side records before the set', [HEADER, blob('sides', 0), blob('set', 0), end(0)]],
  ['a set twice', [HEADER, blob('set', 0), blob('set', 0), blob('sides', 0), end(0)]],
  ['a third blob', [...WHOLE.slice(0, -1), blob('more', 0), end()]],
  ['a blob that is cut', [HEADER, { functions: [ROW] }, blob('set', 6), 'abc', blob('sides', 0), end()]],
  ['a last blob that is cut', [...WHOLE.slice(0, 5), blob('sides', 5), 'abc', end()]],
  ['a blob that is longer than it said', [HEADER, { functions: [ROW] }, blob('set', 2), 'abc', blob('sides', 0), end()]],
  ['a piece of no blob', [HEADER, 'abc', ...WHOLE.slice(1)]],
  ['a blob larger than any', [HEADER, blob('set', 2 ** 40), end(0)]],
  ['a size that is none', [HEADER, blob('set', -1), end(0)]],
  ['fewer functions than counted', [...WHOLE.slice(0, -1), end(2)]],
  ['an end without a root', [...WHOLE.slice(0, -1), { end: { ...end().end, root: 7 } }]],
  ['no end', WHOLE.slice(0, -1)],
  ['something unknown', [HEADER, { more: 1 }, ...WHOLE.slice(1)]],
])('%s is a broken stream', async (_, frames) => {
  expect(await faultOf(...frames)).toBe('NATIVE_FRAME_BROKEN');
});
