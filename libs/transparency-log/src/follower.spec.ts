import fc from 'fast-check';
import { asyncReasonOf, reasonOf, refusal } from '@stella/testing';
import { logSigner, MemoryLog, numbered } from '../test/support/logs.js';
import { signCheckpoint, verifyCheckpoint } from './checkpoint.js';
import { followCheckpoint, type Misbehaviour, readVerifiedEntries, requireGoodLog, verifyMisbehaviour } from './follower.js';
import { hashLeaf } from './hashing.js';

async function grown(...counts: number[]) {
  const log = new MemoryLog();
  const heads: Uint8Array[] = [];
  let size = 0;
  for (const count of counts) {
    await log.append(numbered(count, size));
    heads.push(log.checkpoint);
    size += count;
  }
  return { log, heads };
}

const follow = (log: MemoryLog, seen: Uint8Array | undefined, offered = log.checkpoint) =>
  followCheckpoint({ log: log.identity, seen, offered, reader: log });

/** A log with the same key that shows others something else. */
async function twinOf(log: MemoryLog, shared: number, count: number): Promise<MemoryLog> {
  const twin = new MemoryLog(log.signer, log.origin);
  await twin.append(numbered(shared));
  await twin.append(Array.from({ length: count - shared }, (_, at) => Buffer.from(`other ${at}`)));
  return twin;
}

test('follows an honest log', async () => {
  const { log, heads } = await grown(0, 3, 300, 1);
  expect((await follow(log, undefined)).outcome).toBe('first-seen');
  for (const seen of heads.slice(0, -1)) expect((await follow(log, seen)).outcome).toBe('advanced');
  const same = await follow(log, heads.at(-1));
  expect(same.outcome).toBe('unchanged');
  expect(requireGoodLog(same).checkpoint.size).toBe(304);
});

test('property: advances between any two sizes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 1, max: 600 }), async (size1, more) => {
      const { log, heads } = await grown(size1, more);
      expect((await follow(log, heads[0])).outcome).toBe('advanced');
    }),
    { numRuns: 30 },
  );
});

test('a smaller tree is behind, which proves nothing yet', async () => {
  const { log, heads } = await grown(5, 5);
  const advance = await follow(log, heads[1], heads[0]);
  expect(advance.outcome).toBe('behind');
  expect(reasonOf(() => requireGoodLog(advance))).toBe('TLOG_ROLLED_BACK');
});

test('two roots of one size: evidence that anyone can check', async () => {
  const { log } = await grown(10);
  const twin = await twinOf(log, 5, 10);
  const advance = await follow(twin, log.checkpoint);
  if (advance.outcome !== 'misbehaved') throw new Error(advance.outcome);
  expect(verifyMisbehaviour(advance.evidence, log.identity)).toBe(true);
  const error = refusal(() => requireGoodLog(advance));
  expect(error.reason).toBe('TLOG_EQUIVOCATION');
  expect(error.facts['first']).toMatch(/^acme\.example\/log 10 /);
  expect(error.facts['second']).not.toBe(error.facts['first']);
});

test.each([
  [10, 5, 20],
  [8, 4, 16],
  [256, 10, 700],
  [1, 0, 2],
])('a fork (seen %d, the same up to %d, shown %d): evidence with proof', async (seen, shared, shown) => {
  const { log } = await grown(seen);
  const twin = await twinOf(log, shared, shown);
  const advance = await follow(twin, log.checkpoint);
  if (advance.outcome !== 'misbehaved') throw new Error(advance.outcome);
  expect(verifyMisbehaviour(advance.evidence, log.identity)).toBe(true);
});

test('evidence cannot be made up against an honest log', async () => {
  const { log, heads } = await grown(6, 6);
  const [first, second] = heads as [Uint8Array, Uint8Array];
  const accuse = (evidence: Misbehaviour) => verifyMisbehaviour(evidence, log.identity);
  const { checkpoint } = verifyCheckpoint(first, log.identity);
  expect(accuse({ first, second: first })).toBe(false);
  expect(accuse({ first, second })).toBe(false);
  expect(accuse({ first, second, fork: { rootHash: checkpoint.rootHash, proof: [] } })).toBe(false);
  expect(accuse({ first, second, fork: { rootHash: hashLeaf(Buffer.from('x')), proof: [] } })).toBe(false);
  expect(accuse({ first: second, second: first, fork: { rootHash: hashLeaf(Buffer.from('x')), proof: [] } })).toBe(false);
  const forged = await signCheckpoint({ ...checkpoint, rootHash: hashLeaf(Buffer.from('y')) }, logSigner());
  expect(reasonOf(() => accuse({ first, second: forged }))).toBe('TLOG_NOTE_UNVERIFIED');
});

test('tiles that do not belong to the checkpoint are "could not check", not an accusation', async () => {
  const { log, heads } = await grown(10, 10);
  const served = log.copy();
  const tile = Uint8Array.from(served.stored.get('tile/0/000.p/20')!);
  tile[5]! ^= 1;
  served.stored.set('tile/0/000.p/20', tile);
  expect(await asyncReasonOf(() => follow(served, heads[0]))).toBe('TLOG_PROOF_INVALID');
  served.stored.delete('tile/0/000.p/20');
  expect(await asyncReasonOf(() => follow(served, heads[0]))).toBe('TLOG_TILE_MISSING');
});

test('attack 25: checkpoint of another log or signer', async () => {
  const { log, heads } = await grown(2);
  const stranger = new MemoryLog(logSigner());
  await stranger.append(numbered(9));
  expect(await asyncReasonOf(() => follow(log, heads[0], stranger.checkpoint))).toBe('TLOG_NOTE_UNVERIFIED');
});

test('property: reads exactly the entries of the tree, from anywhere to anywhere', async () => {
  const { log } = await grown(700, 45);
  const accepted = verifyCheckpoint(log.checkpoint, log.identity);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 745 }), fc.nat({ max: 745 }), async (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const entries = await readVerifiedEntries(log, accepted, { from, to });
      expect(entries.map((entry) => Buffer.from(entry).toString())).toEqual(numbered(to - from, from).map(String));
    }),
    { numRuns: 40 },
  );
});

test('attack 24: an entry swapped for another is found, wherever it is', async () => {
  const { log } = await grown(300);
  const accepted = verifyCheckpoint(log.checkpoint, log.identity);
  const served = log.copy();
  const bundle = Buffer.from(served.stored.get('tile/entries/001.p/44')!);
  bundle.write('X', bundle.indexOf('entry 260'));
  served.stored.set('tile/entries/001.p/44', bundle);
  expect(await asyncReasonOf(() => readVerifiedEntries(served, accepted, { from: 250, to: 300 }))).toBe('TLOG_PROOF_INVALID');
  expect(await asyncReasonOf(() => readVerifiedEntries(served, accepted, { from: 260, to: 261 }))).toBe('TLOG_PROOF_INVALID');
  expect(await readVerifiedEntries(served, accepted, { from: 0, to: 260 })).toHaveLength(260);
});

test('limits of what is read at once', async () => {
  const { log } = await grown(5);
  const accepted = verifyCheckpoint(log.checkpoint, log.identity);
  for (const range of [{ from: 0, to: 6 }, { from: 3, to: 2 }, { from: -1, to: 2 }]) {
    expect(await asyncReasonOf(() => readVerifiedEntries(log, accepted, range))).toBe('TLOG_SIZE_OUT_OF_RANGE');
  }
});

test('partial tiles that the log has dropped are read from the full ones', async () => {
  const { log, heads } = await grown(100, 200);
  for (const path of [...log.stored.keys()]) if (path.includes('.p/100')) log.stored.delete(path);
  const earlier = verifyCheckpoint(heads[0]!, log.identity);
  expect(await readVerifiedEntries(log, earlier, { from: 90, to: 100 })).toHaveLength(10);
});
