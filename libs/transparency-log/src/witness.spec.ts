import { reasonOf } from '@stella/testing';
import { logSigner, MemoryLog, numbered } from '../test/support/logs.js';
import { parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { encodeNote, parseNote, signNote } from './note.js';
import { TileTree } from './tile-tree.js';
import { type AddCheckpoint, decideAddCheckpoint, encodeAddCheckpoint, parseAddCheckpoint } from './witness.js';

const log = new MemoryLog();
const heads: Uint8Array[] = [];
const head = (at: number) => parseCheckpoint(parseNote(heads[at]!).text);

beforeAll(async () => {
  for (const [from, to] of [[0, 0], [0, 5], [5, 12]] as const) {
    await log.append(numbered(to - from, from));
    heads.push(log.checkpoint);
  }
});

const request = async (size1: number, at: number): Promise<AddCheckpoint> => ({
  oldSize: size1,
  proof: size1 === 0 ? [] : await new TileTree(log, head(at).size).consistencyProof(size1),
  checkpoint: heads[at]!,
});
const status = (one: AddCheckpoint, latest?: number, identity: typeof log.identity | undefined = log.identity) =>
  decideAddCheckpoint(one, identity, latest === undefined ? undefined : head(latest)).status;

test('the request reads back', async () => {
  const one = await request(5, 2);
  const parsed = parseAddCheckpoint(encodeAddCheckpoint(one));
  expect(Buffer.from(parsed.checkpoint).equals(one.checkpoint)).toBe(true);
  expect([parsed.oldSize, parsed.proof.length]).toEqual([5, one.proof.length]);
});

test('200 for what is consistent: first, grown and unchanged; the text to cosign is the checkpoint', async () => {
  expect(status(await request(0, 1))).toBe(200);
  expect(status(await request(5, 2), 1)).toBe(200);
  expect(status(await request(5, 1), 1)).toBe(200);
  expect(status(await request(0, 2), 0)).toBe(200);
  const decision = decideAddCheckpoint(await request(5, 2), log.identity, head(1));
  expect(decision).toMatchObject({ status: 200, text: parseNote(heads[2]!).text });
});

test('404 unknown log or another origin, 403 unknown or wrong signature', async () => {
  const one = await request(0, 1);
  expect(decideAddCheckpoint(one, undefined, undefined).status).toBe(404);
  expect(status(one, undefined, { ...log.identity, origin: 'x' })).toBe(404);
  expect(status(one, undefined, { ...log.identity, keys: [logSigner().key] })).toBe(403);
});

test('400 malformed, or old size above the checkpoint', async () => {
  expect(status({ ...(await request(0, 1)), checkpoint: Buffer.from('x') })).toBe(400);
  expect(status({ oldSize: 6, proof: [], checkpoint: heads[1]! }, 1)).toBe(400);
});

test('409 with the size cosigned last, also for a log that was rolled back', async () => {
  expect(decideAddCheckpoint(await request(0, 2), log.identity, head(1))).toEqual({ status: 409, size: 5 });
  expect(decideAddCheckpoint(await request(0, 1), log.identity, head(2))).toEqual({ status: 409, size: 12 });
  expect(decideAddCheckpoint(await request(5, 2), log.identity, undefined)).toEqual({ status: 409, size: 0 });
});

test('422 for another root, a wrong proof, a proof where none belongs, and a false empty tree', async () => {
  const good = await request(5, 2);
  expect(status({ ...good, proof: [] }, 1)).toBe(422);
  expect(status({ ...good, proof: [...good.proof].reverse() }, 1)).toBe(422);
  expect(status({ ...(await request(0, 1)), proof: good.proof })).toBe(422);
  const other = await signCheckpoint({ ...head(1), rootHash: head(2).rootHash }, log.signer);
  expect(status({ oldSize: 5, proof: [], checkpoint: other }, 1)).toBe(422);
  const text = parseNote(heads[1]!).text.replace('\n5\n', '\n0\n');
  const empty = encodeNote({ text, signatures: [await signNote(text, log.signer)] });
  expect(status({ oldSize: 0, proof: [], checkpoint: empty })).toBe(422);
});

test.each([
  'old 5\n',
  'new 5\n\nx',
  'old 05\n\nx',
  'old 5\nAAAA\n\nx',
  `old 5\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}\nx`,
  `old 5\n\n${'x'.repeat(1_000_000)}`,
])('refuses a body such as %.20j', (body) => {
  expect(reasonOf(() => parseAddCheckpoint(Buffer.from(body)))).toBe('TLOG_PROOF_INVALID');
});
