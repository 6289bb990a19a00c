import fc from 'fast-check';
import { asyncReasonOf } from '@stella/testing';
import { logSigner, MemoryLog, numbered, ORIGIN } from '../test/support/logs.js';
import { parseCheckpoint, verifyCheckpoint } from './checkpoint.js';
import { CompactRange } from './compact-range.js';
import { equalHashes, hashLeaf } from './hashing.js';
import { BATCH_ENTRY_COUNT_MAX } from './log-writer.js';
import { parseNote } from './note.js';
import { TileTree } from './tile-tree.js';

const head = (log: MemoryLog) => parseCheckpoint(parseNote(log.checkpoint).text);
const rootOf = (count: number) => {
  const range = CompactRange.empty();
  numbered(count).forEach((entry) => range.append(hashLeaf(entry)));
  return range.root();
};

test('begins with an empty tree', async () => {
  const log = new MemoryLog();
  const plan = await log.append([]);
  expect(plan.tiles).toEqual([]);
  expect(verifyCheckpoint(log.checkpoint, log.identity).checkpoint.size).toBe(0);
});

test('property: however entries are batched, the tree is that of all entries, and tiles answer every entry', async () => {
  const batches = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(batches, async (counts) => {
      const log = new MemoryLog();
      let size = 0;
      for (const count of counts) {
        const plan = await log.append(numbered(count, size));
        expect(plan.firstIndex).toBe(size);
        size += count;
        expect(equalHashes(head(log).rootHash, rootOf(size))).toBe(true);
      }
      const tree = new TileTree(log, size);
      for (const index of [0, size >> 1, size - 1].filter((at) => at >= 0 && at < size)) {
        expect(Buffer.from(await tree.entry(index)).toString()).toBe(`entry ${index}`);
        expect(equalHashes(await tree.leafHash(index), hashLeaf(Buffer.from(`entry ${index}`)))).toBe(true);
      }
    }),
    { numRuns: 25 },
  );
});

test('more than one tile level: 66,000 entries in two batches', async () => {
  const log = new MemoryLog();
  await log.append(numbered(65_536));
  await log.append(numbered(464, 65_536));
  expect(head(log).size).toBe(66_000);
  expect(equalHashes(await new TileTree(log, 66_000).root(), rootOf(66_000))).toBe(true);
  expect([...log.stored.keys()].filter((path) => path.startsWith('tile/2/'))).toEqual(['tile/2/000.p/1']);
});

test('crash after any number of tiles: the old tree stays whole and the next append wins', async () => {
  const log = new MemoryLog();
  await log.append(numbered(250));
  const plan = await log.plan(numbered(300, 250));
  expect(plan.tiles.length).toBeGreaterThan(4);
  for (let written = 0; written <= plan.tiles.length; written += 1) {
    const crashed = log.copy();
    for (const { path, bytes } of plan.tiles.slice(0, written)) crashed.stored.set(path, bytes);
    expect(head(crashed).size).toBe(250);
    expect(equalHashes(await new TileTree(crashed, 250).root(), rootOf(250))).toBe(true);
    await crashed.append([Buffer.from('something else')]);
    const tree = new TileTree(crashed, 251);
    expect(equalHashes(await tree.root(), head(crashed).rootHash)).toBe(true);
    expect(Buffer.from(await tree.entry(250)).toString()).toBe('something else');
  }
});

test('signing the same state twice gives the same bytes', async () => {
  const log = new MemoryLog();
  await log.append(numbered(3));
  const before = log.checkpoint;
  await log.append([]);
  expect(Buffer.from(log.checkpoint).equals(before)).toBe(true);
});

test.each([
  ['a hash tile', 'tile/0/000.p/20', 'TLOG_STATE_MISMATCH'],
  ['an entry bundle', 'tile/entries/000.p/20', 'TLOG_STATE_MISMATCH'],
] as const)('signs nothing when %s was altered', async (_what, path, reason) => {
  const log = new MemoryLog();
  await log.append(numbered(20));
  const altered = Uint8Array.from(log.stored.get(path)!);
  altered[altered.length - 1]! ^= 1;
  log.stored.set(path, altered);
  expect(await asyncReasonOf(() => log.plan(numbered(1, 20)))).toBe(reason);
});

test('signs nothing when a tile or the checkpoint is gone, cut or of another log', async () => {
  const log = new MemoryLog();
  await log.append(numbered(20));
  const broken = async (change: (copy: MemoryLog) => void) => {
    const copy = log.copy();
    change(copy);
    return asyncReasonOf(() => copy.plan(numbered(1)));
  };
  expect(await broken(({ stored }) => stored.delete('tile/0/000.p/20'))).toBe('TLOG_TILE_MISSING');
  expect(await broken(({ stored }) => stored.set('tile/0/000.p/20', new Uint8Array(5)))).toBe('TLOG_TILE_INVALID');
  expect(await broken(({ stored }) => stored.delete('tile/entries/000.p/20'))).toBe('TLOG_TILE_MISSING');
  const other = new MemoryLog(logSigner());
  await other.append(numbered(20));
  expect(await broken(({ stored }) => stored.set('checkpoint', other.checkpoint))).toBe('TLOG_NOTE_UNVERIFIED');
  const renamed = new MemoryLog({ ...log.signer }, 'other.example/log');
  for (const [path, bytes] of log.stored) renamed.stored.set(path, bytes);
  expect(await asyncReasonOf(() => renamed.plan([]))).toBe('TLOG_ORIGIN_MISMATCH');
});

test('a log is not begun again over one that exists', async () => {
  const { planAppend } = await import('./log-writer.js');
  const log = new MemoryLog();
  await log.append(numbered(2));
  const restart = { origin: ORIGIN, signer: log.signer, reader: log, lastCheckpoint: undefined, entries: numbered(1) };
  expect(await asyncReasonOf(() => planAppend(restart))).toBe('TLOG_STATE_MISMATCH');
});

test('limits of entries and batches', async () => {
  const log = new MemoryLog();
  expect(await asyncReasonOf(() => log.plan([new Uint8Array(65_536)]))).toBe('TLOG_ENTRY_TOO_LARGE');
  const many = Array.from({ length: BATCH_ENTRY_COUNT_MAX + 1 }, () => new Uint8Array(1));
  expect(await asyncReasonOf(() => log.plan(many))).toBe('TLOG_SIZE_OUT_OF_RANGE');
});
