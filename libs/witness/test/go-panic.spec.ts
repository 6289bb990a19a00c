import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { canonicaliser, CANONICALISER_IDS } from '../src/index.js';

const read = (name: string): Buffer => readFileSync(new URL(`data/${name}.txt`, import.meta.url));
const goPanic = canonicaliser('go-panic/1');
const canonical = (stderr: Uint8Array | string): string =>
  Buffer.from(goPanic({ stdout: new Uint8Array(), stderr: Buffer.from(stderr) }).stderr).toString('utf8');

test('six free-running runs of one stack overflow differ in every byte sequence and in nothing canonical', () => {
  const runs = [1, 2, 3, 4, 5, 6].map((run) => read(`esbuild-3052-${run}`));
  expect(new Set(runs.map((run) => run.toString('latin1'))).size).toBe(6);
  expect(new Set(runs.map(canonical)).size).toBe(1);
});

test('which failure it is stays: message, functions, lines and offsets of the failing goroutine', () => {
  const text = canonical(read('esbuild-3052-1'));
  expect(text.split('\n').slice(0, 7)).toEqual([
    'runtime: goroutine stack exceeds 1000000000-byte limit',
    'runtime: sp=0x? stack=[0x?, 0x?]',
    'fatal error: stack overflow',
    '',
    'goroutine [running]:',
    'github.com/evanw/esbuild/internal/css_lexer.WouldStartIdentifierWithoutEscapes(...)',
    '\tgithub.com/evanw/esbuild/internal/css_lexer/css_lexer.go:565 +0x119',
  ]);
  expect(text).toContain('\n...frames elided...\ncreated by github.com/evanw/esbuild/internal/linker.(*linkerContext).generateChunkCSS\n');
  expect(text).not.toContain('semacquire');
});

test.each([
  ['another message', 'stack overflow', 'out of memory'],
  ['another function', 'printIdent(', 'printNumber('],
  ['another line', 'css_printer.go:661', 'css_printer.go:662'],
  ['another place in the function', '+0x115', '+0x116'],
  ['another depth', /(?:\n.*printTokens\(.*\n\t.*){2}/, ''],
])('%s is another outcome', (_, from, to) => {
  const text = read('esbuild-3052-1').toString('utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  expect(canonical(changed)).not.toBe(canonical(text));
});

test('a second goroutine that fails meanwhile is not part of the failure', () => {
  const text = read('ledger-goroutine-uninlined').toString('utf8');
  const alone = text.slice(0, text.indexOf('panic:', 10));
  expect(canonical(text).trimEnd()).toBe(canonical(alone).trimEnd());
});

test('a deadlock keeps its first goroutine; a nil dereference keeps the offset of the member', () => {
  expect(canonical(read('ledger-deadlock'))).toContain('goroutine [sync.Mutex.Lock]:\ninternal/sync.runtime_SemacquireMutex(...)\n');
  expect(canonical(read('ledger-nil'))).toContain('[signal SIGSEGV: segmentation violation code=0x1 addr=0x8 pc=0x?]');
});

test('numbers in a message stay, unless they are pointers', () => {
  const trace = (message: string): string => canonical(`panic: ${message}\n\ngoroutine 1 [running]:\nmain.main()\n\t/a/b.go:1 +0x1\n`);
  expect(trace('bad checksum 0xdeadbeef')).toContain('0xdeadbeef');
  expect(trace('(main.Bad) (0x49f4a8,0xc000012345)')).toContain('panic: (main.Bad) (0x?,0x?)');
  expect(trace('at 0xc000012345')).toContain('panic: at 0x?');
});

test('what is no crash report keeps every byte', () => {
  expect(canonical(read('esbuild-3205'))).toBe(read('esbuild-3205').toString('utf8'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      const { stdout, stderr } = goPanic({ stdout: bytes, stderr: bytes });
      expect(Buffer.from(stdout).equals(bytes)).toBe(true);
      expect(Buffer.from(stderr).equals(bytes)).toBe(true);
    }),
  );
});

test('making canonical twice changes nothing more', () => {
  for (const name of ['esbuild-3052-1', 'ledger-deadlock', 'ledger-nil', 'ledger-goroutine-uninlined']) {
    expect(canonical(canonical(read(name)))).toBe(canonical(read(name)));
  }
});

test('canonicalisers are found by id, and only by id', () => {
  expect(CANONICALISER_IDS).toEqual(['identity/1', 'go-panic/1']);
  expect(() => canonicaliser('go-panic/2')).toThrow(expect.objectContaining({ reason: 'CANONICALISER_UNKNOWN' }));
});
