import fc from 'fast-check';
import { analyseStack } from '../analyse.js';
import { compileGlob } from './categories.js';

test('a glob is what its pieces say, as a regular expression would find it', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pieces, text) => {
      const expected = new RegExp(`^${pieces.join('.*')}$`).test(text);
      expect(compileGlob(pieces.join('*'))(text)).toBe(expected);
    }),
    { numRuns: 1_000 },
  );
});

test('own rules go before the defaults', () => {
  const text = 'panic: x\n\ngoroutine 1 [running]:\nshop/web.Serve()\n\tweb.go:1\nruntime.goexit()\n\tasm.s:1\n';
  const categories = (own: Parameters<typeof analyseStack>[1]) => analyseStack(text, own).trace.frames.map((frame) => frame.category);
  expect(categories({})).toEqual(['app', 'indirection']);
  expect(categories({ categoryRules: [{ language: 'go', function: 'shop/web.*', category: 'framework' }] })).toEqual(['framework', 'indirection']);
  expect(categories({ categoryRules: [{ function: 'runtime.*', category: 'std' }] })).toEqual(['app', 'std']);
});
