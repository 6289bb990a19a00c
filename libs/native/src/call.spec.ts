import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDomainError } from '@stella/errors';
import { callNative, type NativeCallOptions } from './call.js';

const dir = mkdtempSync(join(tmpdir(), 'native-'));
const before = process.env.STELLA_NATIVE;
let serial = 0;

afterAll(() => {
  rmSync(dir, { recursive: true });
  if (before === undefined) delete process.env.STELLA_NATIVE;
  else process.env.STELLA_NATIVE = before;
});

/** An executable whose body runs with `frame(object)`, `raw(bytes)` and `fs` at hand. */
function fake(body: string): void {
  const path = join(dir, `fake-${serial++}.cjs`);
  const prelude = `const fs = require('node:fs');
const raw = (bytes) => fs.writeSync(1, bytes);
const frame = (value) => { const b = Buffer.from(JSON.stringify(value)); const h = Buffer.alloc(4); h.writeUInt32LE(b.length); raw(Buffer.concat([h, b])); };
`;
  writeFileSync(path, `#!${process.execPath}\n${prelude}${body}`);
  chmodSync(path, 0o755);
  process.env.STELLA_NATIVE = path;
}

async function collect(options: NativeCallOptions = {}, args: string[] = []): Promise<string[]> {
  const frames: string[] = [];
  for await (const frame of callNative('lift', args, options)) frames.push(frame.toString());
  return frames;
}

async function failure(options: NativeCallOptions = {}): Promise<{ reason: string; facts: Record<string, string> }> {
  try {
    await collect(options);
  } catch (error) {
    if (isDomainError(error)) return { reason: error.reason, facts: { ...error.facts } };
    throw error;
  }
  throw new Error('it was expected to fail');
}

test('frames arrive in order, the end last; arguments, request and environment reach the child', async () => {
  fake(`
    const input = fs.readFileSync(0);
    frame({ args: process.argv.slice(2), request: input.subarray(4).toString(), env: process.env.A, home: process.env.HOME ?? null });
    frame({ end: {} });`);
  const frames = await collect({ requestFrames: [Buffer.from('{"q":1}')], env: { A: 'b' } }, ['x', '--y']);
  expect(frames.map((frame) => JSON.parse(frame))).toEqual([
    { args: ['lift', 'x', '--y'], request: '{"q":1}', env: 'b', home: null },
    { end: {} },
  ]);
});

test('a frame cut over many chunks is put together', async () => {
  fake(`
    const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(200000) }));
    const h = Buffer.alloc(4); h.writeUInt32LE(body.length);
    const all = Buffer.concat([h, body]);
    (async () => { for (let i = 0; i < all.length; i += 37777) { raw(all.subarray(i, i + 37777)); await new Promise(r => setTimeout(r, 1)); } frame({ end: {} }); })();`);
  const [text] = await collect();
  expect(JSON.parse(text as string).text).toHaveLength(200000);
});

test('an error frame about the file becomes its reason, without the path', async () => {
  fake(`frame({ error: { reason: 'INPUT_EMPTY', message: 'no bytes', facts: { sizeBytes: '0', path: '/srv/blobs/1' }, next: 'send a file' } }); process.exitCode = 1;`);
  expect(await failure()).toEqual({ reason: 'INPUT_EMPTY', facts: { sizeBytes: '0', problem: 'no bytes' } });
});

test.each(['CAPSULE_FAILED', 'NATIVE_CRASHED', 'toString'])('an error frame with any other reason, as %s, becomes NATIVE_FAILED with the native reason, facts and next step', async (nativeReason) => {
  fake(`frame({ error: { reason: '${nativeReason}', message: 'no fork', facts: { step: 'fork' }, next: 'try again' } }); process.exitCode = 1;`);
  expect(await failure()).toEqual({ reason: 'NATIVE_FAILED', facts: { command: 'lift', nativeReason, nativeMessage: 'no fork', nativeNext: 'try again', step: 'fork' } });
});

test.each(['SIGSEGV', 'SIGKILL', 'SIGABRT'])('death by %s is a crash of this request, even after the end frame', async (signal) => {
  fake(`frame({ end: {} }); fs.writeSync(2, 'last words'); process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000);`);
  const { reason, facts } = await failure();
  expect(reason).toBe('NATIVE_CRASHED');
  expect(facts).toMatchObject({ command: 'lift', signal, stderr: 'last words' });
});

test('a failing exit without a word is a crash', async () => {
  fake(`process.exit(101);`);
  expect(await failure()).toEqual({ reason: 'NATIVE_CRASHED', facts: { command: 'lift', exitCode: '101' } });
});

test.each([
  ['no end frame', `frame({ a: 1 });`],
  ['the stream is cut inside a frame', `frame({ end: {} }); raw(Buffer.from([9, 0, 0, 0, 123]));`],
  ['the stream is cut inside a frame', `raw(Buffer.from([9, 0]));`],
  ['a frame after the end frame', `frame({ end: {} }); frame({ a: 1 });`],
  ['a blob that nobody asked for', `raw(Buffer.from([3, 0, 0, 0, 0, 1, 2])); frame({ end: {} });`],
])('%s is a broken stream', async (what, body) => {
  fake(body);
  expect(await failure()).toEqual({ reason: 'NATIVE_FRAME_BROKEN', facts: { command: 'lift', frame: what } });
});

test('a frame length above the bound is refused before it is read', async () => {
  fake(`raw(Buffer.from([255, 255, 255, 255])); setInterval(() => {}, 1000);`);
  expect((await failure()).reason).toBe('NATIVE_FRAME_BROKEN');
});

test('a child that hangs is killed at the time limit', async () => {
  fake(`frame({ a: 1 }); fs.writeFileSync(__filename + '.pid', String(process.pid)); setInterval(() => {}, 1000);`);
  const path = process.env.STELLA_NATIVE as string;
  expect(await failure({ timeoutMs: 500 })).toEqual({ reason: 'NATIVE_TIMEOUT', facts: { command: 'lift', timeoutMs: '500' } });
  expect(isAlive(Number(readFileSync(`${path}.pid`, 'utf8')))).toBe(false);
});

test('an abort kills the child, and an aborted signal starts none', async () => {
  fake(`frame({ pid: process.pid }); setInterval(() => {}, 1000);`);
  const aborter = new AbortController();
  let pid = 0;
  const run = async (): Promise<void> => {
    for await (const frame of callNative('lift', [], { signal: aborter.signal })) {
      pid = JSON.parse(frame.toString()).pid;
      aborter.abort();
    }
  };
  await expect(run()).rejects.toMatchObject({ reason: 'CANCELLED' });
  expect(isAlive(pid)).toBe(false);
  expect((await failure({ signal: aborter.signal })).reason).toBe('CANCELLED');
});

test('who stops iterating leaves no child behind', async () => {
  fake(`frame({ pid: process.pid }); setInterval(() => {}, 1000);`);
  let pid = 0;
  for await (const frame of callNative('lift', [])) {
    pid = JSON.parse(frame.toString()).pid;
    break;
  }
  expect(isAlive(pid)).toBe(false);
});

test('more output than allowed is refused', async () => {
  fake(`for (;;) frame({ text: 'x'.repeat(10000) });`);
  expect((await failure({ outputBytesMax: 100_000 })).reason).toBe('NATIVE_OUTPUT_TOO_LARGE');
});

test('a child is read only as fast as its caller iterates', async () => {
  fake(`
    let n = 0;
    for (; n < 200; n++) { frame({ n, text: 'x'.repeat(100000) }); fs.writeFileSync(__filename + '.n', String(n)); }
    frame({ end: {} });`);
  const path = process.env.STELLA_NATIVE as string;
  let frames = 0;
  let written = 0;
  for await (const frame of callNative('lift', [])) {
    if (frames++ === 0) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      written = Number(readFileSync(`${path}.n`, 'utf8'));
    }
    expect(frame.length).toBeGreaterThan(0);
  }
  expect(frames).toBe(201);
  expect(written).toBeLessThan(20);
});

test('a child that never reads its input does not hang the call', async () => {
  fake(`frame({ end: {} });`);
  expect(await collect({ requestFrames: Array.from({ length: 50 }, () => Buffer.alloc(100_000)) })).toHaveLength(1);
});

test('an executable that is missing or cannot be started is said so', async () => {
  process.env.STELLA_NATIVE = join(dir, 'nowhere');
  expect((await failure()).reason).toBe('NATIVE_MISSING');
  const path = join(dir, 'not-executable');
  writeFileSync(path, '');
  process.env.STELLA_NATIVE = path;
  expect((await failure()).reason).toBe('NATIVE_MISSING');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
