import { type UnitSide } from './compare/unit-index.js';
import { packSides, unpackSides } from './sides.js';

const full: UnitSide = { id: 'fn:b', e2: 'e2', shape: 's', skeleton: 'k', address: '0x10', calls: ['fn:a'], writable: ['0x1'], unnamed: [], minHash: [1, 2], instructions: 7 };
const bare: UnitSide = { id: 'fn:a' };
const astral: UnitSide = { id: 'fn:\u{10000}\n' };

test('side records come back as they were, in one spelling whatever their order', () => {
  const packed = packSides([astral, full, bare]);
  expect(unpackSides(packed)).toEqual([bare, full, astral]);
  expect(packSides([bare, astral, full]).equals(packed)).toBe(true);
  expect(packed.toString().split('\n')[0]).toBe('{"id":"fn:a"}');
  expect(unpackSides(packSides([]))).toEqual([]);
});

test('many records, and one that is longer than what is parsed at once', () => {
  const many = Array.from({ length: 30_000 }, (_, i) => ({ id: `fn:${String(i).padStart(6, '0')}`, address: '0x1000', calls: ['fn:a\n,b'] }));
  const long = { id: 'fn:z', calls: Array.from({ length: 60_000 }, (_, i) => `fn:callee number ${i}`) };
  const packed = packSides([...many, long]);
  expect(packed.length).toBeGreaterThan(3 << 20);
  expect(unpackSides(packed)).toEqual([...many, long]);
});

test('what the comparison does not read is left out, and every member that it reads counts', () => {
  expect(packSides([{ ...bare, e0: 'ff' } as UnitSide]).equals(packSides([bare]))).toBe(true);
  for (const member of Object.keys(full) as (keyof UnitSide)[]) {
    const { [member]: _, ...rest } = full;
    expect(packSides([{ id: 'other', ...rest }]).equals(packSides([full]))).toBe(false);
  }
});

test.each([['a cut line', '{"id":"fn:a"}'], ['no JSON', 'x\n'], ['no id', '{}\n'], ['null', 'null\n']])('%s is refused', (_, text) => {
  expect(() => unpackSides(Buffer.from(text))).toThrow(expect.objectContaining({ reason: 'INDEX_INVALID' }));
});
