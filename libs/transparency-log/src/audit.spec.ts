import { asyncReasonOf } from '@stella/testing';
import { MemoryLog, numbered } from '../test/support/logs.js';
import { auditLog } from './audit.js';
import { type Checkpoint, parseCheckpoint } from './checkpoint.js';
import { parseNote } from './note.js';

const log = new MemoryLog();
let head: Checkpoint;

beforeAll(async () => {
  await log.append(numbered(700));
  await log.append(numbered(50, 700));
  head = parseCheckpoint(parseNote(log.checkpoint).text);
});

test('a whole log passes, the empty one too', async () => {
  await auditLog(log, head);
  const empty = new MemoryLog();
  await empty.append([]);
  await auditLog(empty, parseCheckpoint(parseNote(empty.checkpoint).text));
});

test('finds one altered bit in any tile or bundle of the tree', async () => {
  const current = ['tile/0/000', 'tile/0/001', 'tile/0/002.p/238', 'tile/1/000.p/2', 'tile/entries/000', 'tile/entries/001', 'tile/entries/002.p/238'];
  for (const path of current) {
    const broken = log.copy();
    const altered = Uint8Array.from(broken.stored.get(path)!);
    altered[altered.length - 1]! ^= 1;
    broken.stored.set(path, altered);
    expect([path, await asyncReasonOf(() => auditLog(broken, head))]).toEqual([path, 'TLOG_STATE_MISMATCH']);
  }
});

test('finds a root of other entries, and a tile that is gone', async () => {
  expect(await asyncReasonOf(() => auditLog(log, { ...head, rootHash: new Uint8Array(32) }))).toBe('TLOG_STATE_MISMATCH');
  const broken = log.copy();
  broken.stored.delete('tile/entries/001');
  expect(await asyncReasonOf(() => auditLog(broken, head))).toBe('TLOG_TILE_MISSING');
});
