import { analyseStack, limits, parseTrace } from '../src/index.js';

const MEBIBYTE = limits.textBytesMax;
const fill = (piece: string, head = ''): string => head + piece.repeat(Math.floor((MEBIBYTE - Buffer.byteLength(head)) / Buffer.byteLength(piece)));

/** Steps per character stay the same when the text doubles; the bound leaves room for a slow machine. */
const PER_MEBIBYTE_MS = 5_000;

test.each([
  ['one line', fill('a')],
  ['opening parentheses', fill('(', 'goroutine 1 [running]:\n')],
  ['one frame per line', fill('main.f(0x1)\n\tf.go:1 +0x1\n', 'goroutine 1 [running]:\n')],
  ['goroutines', fill('goroutine 1 [running]:\nmain.f()\n\tf.go:1\n\n')],
  ['alternating frames', fill('a.a()\n\tf.go:1\na.b()\n\tf.go:1\na.a()\n\tf.go:1\na.c()\n\tf.go:1\n', 'goroutine 1 [running]:\n')],
  ['pretty frames', fill('  a.b (c.go:1)\n', '✘ [ERROR] panic: x\n\n')],
  ['open brackets of generics', fill('main.f[[[[[[[[()\n\tx.go:1\n', 'goroutine 1 [running]:\n')],
  ['path-like text', fill('/home/')],
  ['address-like text', fill('a.b-c.')],
  ['numbers', fill('1.')],
  ['colours', fill('\u001b[31m')],
  ['spaces', fill(' ', 'x')],
  ['a message of quotes', fill('"', 'panic: ')],
])('a mebibyte of %s ends', (_, text) => {
  const started = performance.now();
  try {
    expect(analyseStack(text).trace.frames.length).toBeLessThanOrEqual(limits.framesMax);
  } catch (error) {
    expect(error).toMatchObject({ reason: 'STACK_EMPTY' });
  }
  expect(performance.now() - started).toBeLessThan(PER_MEBIBYTE_MS);
});

test('larger text is refused with its size', () => {
  const text = 'x'.repeat(MEBIBYTE + 1);
  expect(() => parseTrace(text)).toThrow(
    expect.objectContaining({ reason: 'STACK_TOO_LARGE', facts: { sizeBytes: String(MEBIBYTE + 1), sizeBytesMax: String(MEBIBYTE) } }),
  );
  expect(() => parseTrace('é'.repeat(MEBIBYTE / 2 + 1))).toThrow(expect.objectContaining({ reason: 'STACK_TOO_LARGE' }));
});

test('a long stack keeps its innermost frames and says that it is cut', () => {
  const frames = Array.from({ length: limits.rawFramesMax + 1 }, (_, at) => `main.f${at}()\n\tf.go:${at + 1} +0x1\n`).join('');
  const trace = parseTrace(`panic: x\n\ngoroutine 1 [running]:\n${frames}`);
  expect(trace.threads[0]).toMatchObject({ truncated: true });
  expect(trace.threads[0]?.frames).toHaveLength(limits.rawFramesMax);
  const { trace: normalised } = analyseStack(`panic: x\n\ngoroutine 1 [running]:\n${frames}`);
  expect(normalised.frames).toHaveLength(limits.framesMax);
  expect(normalised.frames[0]?.function).toBe('main.f0');
  expect(normalised.truncated).toBe(true);
});

test.each([
  ['/threads', {}],
  ['/threads/0', { threads: [1] }],
  ['/threads/0/frames', { threads: [{}] }],
  ['/threads/0/frames/0/moduleOffset', { threads: [{ frames: [{ moduleOffset: '12' }] }] }],
  ['/threads/0/frames/0/gnuBuildId', { threads: [{ frames: [{ gnuBuildId: 'xyz' }] }] }],
  ['/threads/0/frames/0/symbol', { threads: [{ frames: [{ symbol: 7 }] }] }],
])('a structured stack that is wrong at %s says so', (at, stack) => {
  expect(() => analyseStack(stack)).toThrow(expect.objectContaining({ reason: 'STACK_MALFORMED', facts: expect.objectContaining({ at }) }));
});

test('threads, overlong lines and overlong cycles are bounded', () => {
  const many = 'goroutine 1 [running]:\nmain.f()\n\tf.go:1\n\n'.repeat(limits.threadsMax + 1);
  expect(parseTrace(many).threads).toHaveLength(limits.threadsMax);
  const overlong = `panic: x\n\ngoroutine 1 [running]:\nmain.${'f'.repeat(limits.lineCharsMax)}()\n\tf.go:1\n`;
  expect(parseTrace(overlong).format).toBe('unknown');
  const cycle = (period: number) => Array.from({ length: period }, (_, at) => `main.f${at}()\n\tf.go:1\n`).join('');
  const frames = (period: number) => analyseStack(`panic: x\n\ngoroutine 1 [running]:\n${cycle(period).repeat(3)}`).trace.frames.length;
  expect(frames(limits.recursionPeriodMax)).toBe(limits.recursionPeriodMax);
  expect(frames(limits.recursionPeriodMax + 1)).toBe(3 * (limits.recursionPeriodMax + 1));
});

test('names and messages are cut', () => {
  const text = `panic: ${'m '.repeat(limits.messageCharsMax)}\n\ngoroutine 1 [running]:\nmain.${'f'.repeat(limits.functionCharsMax)}()\n\tf.go:1\n`;
  const { trace } = analyseStack(text);
  expect(trace.failure.messageTemplate.length).toBeLessThanOrEqual(limits.messageCharsMax);
  expect(trace.frames[0]?.function?.length).toBeLessThanOrEqual(limits.functionCharsMax);
});
