import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { canonicalize, parseCanonicalJson, parseStrictJson } from '../../src/index.js';
import { describeConformance, refusal } from '@stella/testing';

const limits = { sizeBytesMax: 1_000_000 };

describeConformance('jcs-rfc8785', (path) => {
  const names = readdirSync(`${path}/testdata/input`);
  const input = (name: string) => readFileSync(`${path}/testdata/input/${name}`);
  const output = (name: string) => readFileSync(`${path}/testdata/output/${name}`);

  test('all 6 documents encode to the expected bytes', () => {
    expect(names).toHaveLength(6);
    for (const name of names) {
      const bytes = canonicalize(JSON.parse(input(name).toString()));
      const hex = readFileSync(`${path}/testdata/outhex/${name.replace('.json', '.txt')}`, 'utf8').replace(/\s/g, '');
      expect([name, Buffer.from(bytes).toString()]).toEqual([name, output(name).toString()]);
      expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    }
  });

  test('the strict parser reads 4 of them the same way; fractions and names that differ by case are refused', () => {
    const refused: Record<string, string> = {
      'values.json': 'fraction or exponent',
      'structures.json': 'member name repeated, or equal to another but for case',
    };
    let read = 0;
    for (const name of names) {
      if (name in refused) {
        expect(refusal(() => parseStrictJson(input(name), limits)).facts['problem']).toBe(refused[name]);
        continue;
      }
      expect(parseStrictJson(input(name), limits)).toEqual(JSON.parse(input(name).toString()));
      expect(parseCanonicalJson(output(name), limits)).toEqual(JSON.parse(output(name).toString()));
      read += 1;
    }
    expect(read).toBe(4);
  });
});

/** The deterministic sequence of IEEE 754 doubles that the RFC's test suite publishes hashes of. */
function* doubles(fixed: readonly bigint[]): Generator<Buffer> {
  const fromBits = (bits: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(bits);
    return bytes;
  };
  for (const bits of fixed) yield fromBits(bits);
  for (let n = 0n; n < 2000n; n += 1n) yield fromBits(0x0010000000000000n + n);
  let block = Buffer.alloc(32);
  for (;;) {
    block = createHash('sha256').update(block).digest();
    for (let at = 0; at < 32; at += 8) {
      const bytes = Buffer.from(block.subarray(at, at + 8)).reverse();
      const value = bytes.readDoubleBE();
      if (value !== 0 && Number.isFinite(value)) yield bytes;
    }
  }
}

describeConformance('jcs-rfc8785/testdata/README.md', (path) => {
  test.each([
    [1_000, 'be18b62b6f69cdab33a7e0dae0d9cfa869fda80ddc712221570f9f40a5878687'],
    [10_000, 'b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892'],
    [100_000, '22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7'],
  ])('%d numbers have the published hash', (count, expected) => {
    const list = /staticU64s = new BigUint64Array\(\[([^\]]+)\]/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
    const fixed = Array.from(list.matchAll(/0x([0-9a-f]+)n/g), ([, hex]) => BigInt(`0x${hex}`));
    const hash = createHash('sha256');
    let lines = 0;
    for (const bytes of doubles(fixed)) {
      const number = Buffer.from(canonicalize(bytes.readDoubleBE())).toString();
      hash.update(`${bytes.readBigUInt64BE().toString(16)},${number}\n`);
      lines += 1;
      if (lines === count) break;
    }
    expect(hash.digest('hex')).toBe(expected);
  });
});
