import fc from 'fast-check';
import { presetDocument, type PolicyDocument } from '@stella/policy';
import { verifyBundle } from '../src/index.js';
import { resultEnvelope, witnessEnvelope } from './support/release.js';
import { makeWorld, type World } from './support/world.js';

const KEPT = new Set(['base', 'evidence-intact', 'evidence-logged', 'incident-gone']);

/** A small policy and little evidence make a small bundle: each byte of it is altered below. */
function smallPolicy(): PolicyDocument {
  const document = presetDocument('standard', { version: 1, issuedAt: new Date('2026-01-01T00:00:00.000Z'), expiresAt: new Date('2027-01-01T00:00:00.000Z') });
  return { ...document, id: 'small', level: 'STELLA_SMALL', rules: document.rules.filter(({ id }) => KEPT.has(id)) };
}

let small: World;
let whole: World;
beforeAll(async () => {
  const envelopes = [await witnessEnvelope(), await resultEnvelope('candidate', 'passed', { replays: 1 })];
  small = await makeWorld({ document: smallPolicy(), claims: [], envelopes, bare: true });
  whole = await makeWorld();
});

const isRefused = (bytes: Uint8Array, { options }: World): boolean => verifyBundle(bytes, options).answer === 'no';

test('the bundles that are altered below are good', () => {
  expect(verifyBundle(small.issued.bundle, small.options).answer).toBe('yes');
  expect(verifyBundle(whole.issued.bundle, whole.options).answer).toBe('yes');
  expect(small.issued.bundle.length).toBeLessThan(30_000);
});

/** Places of bytes whose alteration goes unnoticed. */
function acceptedAlterations(world: World, step: number, mask: (at: number) => number): number[] {
  const bytes = Buffer.from(world.issued.bundle);
  const accepted: number[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    const before = bytes[at] ?? 0;
    bytes[at] = before ^ mask(at);
    if (!isRefused(bytes, world)) accepted.push(at);
    bytes[at] = before;
  }
  return accepted;
}

test('each byte of a small bundle with one bit flipped is refused; which bit moves on from byte to byte', () => {
  expect(acceptedAlterations(small, 1, (at) => 1 << (at % 8))).toEqual([]);
}, 300_000);

test.each([1, 5, 7])('every ninth byte with another bit flipped (%i), and with all of them', (bit) => {
  expect(acceptedAlterations(small, 9, (at) => 1 << ((at + bit) % 8))).toEqual([]);
  expect(acceptedAlterations(small, 9, () => 0xff)).toEqual([]);
}, 300_000);

test('bytes of a whole bundle, with delta and witnesses', () => {
  expect(acceptedAlterations(whole, 37, (at) => 1 << (at % 8))).toEqual([]);
}, 300_000);

test('truncated, extended and shuffled bundles are refused', () => {
  const bundle = Buffer.from(small.issued.bundle);
  fc.assert(
    fc.property(fc.nat(bundle.length - 1), fc.nat(bundle.length - 1), fc.uint8Array({ minLength: 1, maxLength: 9 }), (a, b, extra) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
      const without = Buffer.concat([bundle.subarray(0, from), bundle.subarray(to)]);
      const within = Buffer.concat([bundle.subarray(0, from), extra, bundle.subarray(from)]);
      expect(isRefused(without, small)).toBe(true);
      expect(isRefused(within, small)).toBe(true);
    }),
    { numRuns: 500, seed: 46 },
  );
});
