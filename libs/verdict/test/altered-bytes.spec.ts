import fc from 'fast-check';
import { presetDocument, type PolicyDocument } from '@stella/policy';
import { verifyBundle } from '../src/index.js';
import { resultEnvelope } from './support/release.js';
import { makeWorld, soundEvidence, type World } from './support/world.js';

const KEPT = new Set(['base', 'coverage-known', 'incident-gone', 'functions-explained']);

/** A small policy makes a small bundle: each byte of it is altered below. */
function smallPolicy(): PolicyDocument {
  const document = presetDocument('standard', { version: 1, issuedAt: new Date('2026-01-01T00:00:00.000Z'), expiresAt: new Date('2027-01-01T00:00:00.000Z') });
  return { ...document, id: 'small', level: 'STELLA_SMALL', rules: document.rules.filter(({ id }) => KEPT.has(id)) };
}

let world: World;
beforeAll(async () => {
  const [oldIndex, newIndex, proof, scope, witness] = await soundEvidence();
  const results = [await resultEnvelope('baseline', 'expected-failure', { replays: 1 }), await resultEnvelope('candidate', 'passed', { replays: 1 })];
  const envelopes = [oldIndex, newIndex, proof, scope, witness].filter((one) => one !== undefined);
  world = await makeWorld({ document: smallPolicy(), envelopes: [...envelopes, ...results], bare: true });
});

const isRefused = (bytes: Uint8Array): boolean => {
  const { answer } = verifyBundle(bytes, world.options);
  return answer === 'no';
};

test('the bundle that is altered below is good', () => {
  expect(world.issued.verdict.outcome).toBe('ALLOW');
  expect(verifyBundle(world.issued.bundle, world.options).answer).toBe('yes');
  expect(world.issued.bundle.length).toBeLessThan(60_000);
});

// One bit of each byte, and which one moves on from byte to byte; then all bits.
test.each([
  ['one bit', (at: number) => 1 << (at % 8)],
  ['another bit', (at: number) => 1 << ((at + 3) % 8)],
  ['every bit', () => 0xff],
])('each byte with %s flipped is refused', (_, mask) => {
  const bytes = Buffer.from(world.issued.bundle);
  const accepted: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const before = bytes[at] ?? 0;
    bytes[at] = before ^ mask(at);
    if (!isRefused(bytes)) accepted.push(at);
    bytes[at] = before;
  }
  expect(accepted).toEqual([]);
}, 300_000);

test('truncated, extended and shuffled bundles are refused', () => {
  const whole = Buffer.from(world.issued.bundle);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 9 }), (a, b, extra) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
      const without = Buffer.concat([whole.subarray(0, from), whole.subarray(to)]);
      const within = Buffer.concat([whole.subarray(0, from), extra, whole.subarray(from)]);
      expect(isRefused(without)).toBe(true);
      expect(isRefused(within)).toBe(true);
    }),
    { numRuns: 500, seed: 46 },
  );
});
