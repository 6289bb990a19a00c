import fc from 'fast-check';
import { analyseStack, limits, parseTrace, scrubText } from '../src/index.js';
import { sampleText } from './samples.js';

const word = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'), minLength: 1, maxLength: 12 });

test('goroutine ids, addresses, arguments and offsets change no level from K1 on', () => {
  const text = sampleText('esbuild-3052-0.17.16.1.txt');
  const levels = ({ fingerprints: { k1, k2, k3, terms } }: ReturnType<typeof analyseStack>) => ({ k1, k2, k3, terms });
  const expected = levels(analyseStack(text));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.bigInt({ min: 1n, max: 2n ** 47n }), (id, shift) => {
      const moved = text
        .replace(/^goroutine (\d+)/gm, (_, old: string) => `goroutine ${Number(old) + id}`)
        .replace(/0x([0-9a-f]+)/g, (_, hex: string) => `0x${((BigInt(`0x${hex}`) + shift) & 0xffff_ffff_ffffn).toString(16)}`);
      expect(levels(analyseStack(moved))).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test('no depth of recursion and no line number changes K1', () => {
  const frame = (name: string, line: number) => `main.${name}(0x1)\n\t/srv/app/${name}.go:${line} +0x1\n`;
  const trace = (depth: number, line: number) =>
    `panic: boom\n\ngoroutine 7 [running]:\n${frame('fail', line)}${(frame('walk', line) + frame('visit', line)).repeat(depth)}${frame('main', 3)}`;
  const expected = analyseStack(trace(2, 10)).fingerprints.k1;
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 1, max: 9_999 }), (depth, line) => {
      expect(analyseStack(trace(depth, line)).fingerprints.k1).toBe(expected);
    }),
    { numRuns: 30 },
  );
});

test('home directories, temporary directories and addresses of people never stay', () => {
  fc.assert(
    fc.property(word, word, (user, file) => {
      const name = `u${user}9`;
      const text = [
        `/home/${name}/${file}.go`,
        `/Users/${name}/x/${file}`,
        `C:\\Users\\${name}\\${file}`,
        `/tmp/${name}/${file}`,
        `/var/folders/zz/${name}/T/x`,
        `${name}@example.org`,
        `https://${name}:${file}@example.org/`,
      ];
      for (const one of text) expect(scrubText(`open ${one}: denied`)).not.toContain(name);
      const trace = `panic: open /home/${name}/a: denied\n\ngoroutine 1 [running]:\nmain.f()\n\t/home/${name}/src/${file}.go:1 +0x1\n`;
      expect(JSON.stringify(analyseStack(trace))).not.toContain(name);
      expect(JSON.stringify(analyseStack(`no format: ${text.join(' ')}`))).not.toContain(name);
    }),
  );
});

test('any text is parsed, or refused with a reason', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom('goroutine 1 [running]:', 'panic: x', '\tpanic: y', 'main.f(0x1)', '\tf.go:1 +0x2', 'created by main.main', '✘ [ERROR] panic: z', '  a.b (c.go:1)', '...9 frames elided...', ''),
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), (lines) => {
      const text = lines.join('\n');
      if (text.trim() === '') return expect(() => parseTrace(text)).toThrow(expect.objectContaining({ reason: 'STACK_EMPTY' }));
      const { trace, fingerprints } = analyseStack(text);
      expect(trace.frames.length).toBeLessThanOrEqual(limits.framesMax);
      expect(fingerprints.k0).toMatch(/^[0-9a-f]{64}$/);
      if (trace.format === 'unknown') expect(fingerprints).toEqual(expect.not.objectContaining({ k1: expect.anything() }));
    }),
    { numRuns: 300 },
  );
});
