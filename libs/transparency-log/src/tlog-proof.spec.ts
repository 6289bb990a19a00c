import { reasonOf } from '@stella/testing';
import { logSigner, MemoryLog, numbered } from '../test/support/logs.js';
import { TileTree } from './tile-tree.js';
import { encodeTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.js';

const log = new MemoryLog();
const entries = numbered(300);
let proof: Uint8Array;

beforeAll(async () => {
  await log.append(entries);
  proof = await proofOf(123);
});

async function proofOf(index: number, extra?: Uint8Array): Promise<Uint8Array> {
  const inclusion = await new TileTree(log, 300).inclusionProof(index);
  return encodeTlogProof({ index, inclusion, checkpoint: log.checkpoint, ...(extra && { extra }) });
}
const verify = (bytes: Uint8Array, index: number) => verifyTlogProof(bytes, entries[index]!, log.identity);
const text = () => Buffer.from(proof).toString();

test('proves an entry offline, with and without extra data', async () => {
  expect(verify(proof, 123).index).toBe(123);
  const extra = Buffer.from([1, 2, 3]);
  const parsed = parseTlogProof(await proofOf(0, extra));
  expect(extra.equals(parsed.extra!)).toBe(true);
  expect(parsed.index).toBe(0);
  expect(text().split('\n').slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', 'index 123']);
});

test('attack 24: the proof of another entry, index or tree', async () => {
  expect(reasonOf(() => verify(proof, 124))).toBe('TLOG_PROOF_INVALID');
  const moved = Buffer.from(text().replace('index 123', 'index 122'));
  expect(reasonOf(() => verify(moved, 123))).toBe('TLOG_PROOF_INVALID');
  const outside = Buffer.from(text().replace('index 123', 'index 300'));
  expect(reasonOf(() => verify(outside, 123))).toBe('TLOG_SIZE_OUT_OF_RANGE');
  const other = new MemoryLog(log.signer);
  await other.append(numbered(300, 1));
  const swapped = encodeTlogProof({ ...parseTlogProof(proof), checkpoint: other.checkpoint });
  expect(reasonOf(() => verify(swapped, 123))).toBe('TLOG_PROOF_INVALID');
});

test('attack 25: the checkpoint of an unknown log', () => {
  expect(reasonOf(() => verifyTlogProof(proof, entries[123]!, { origin: log.origin, keys: [logSigner().key] }))).toBe('TLOG_NOTE_UNVERIFIED');
});

test('every altered byte is refused', () => {
  for (let at = 0; at < proof.length; at += 1) {
    const altered = Uint8Array.from(proof);
    altered[at]! ^= 1;
    reasonOf(() => verify(altered, 123));
  }
});

test.each<[string, (text: string) => string]>([
  ['another version', (t) => t.replace('@v1', '@v2')],
  ['no index', (t) => t.replace('index 123\n', '')],
  ['a leading zero', (t) => t.replace('index 123', 'index 0123')],
  ['extra after the index', (t) => t.replace('index 123', 'index 123\nextra AAAA')],
  ['extra that is no base64', (t) => t.replace('index', 'extra A\nindex')],
  ['a short hash', (t) => t.replace('index 123', 'index 123\nAAAA')],
  ['too many hashes', (t) => t.replace('index 123', `index 123${`\n${Buffer.alloc(32).toString('base64')}`.repeat(64)}`)],
  ['no checkpoint', (t) => t.split('\n\n')[0]!],
  ['too many bytes', (t) => t + ' '.repeat(1_000_000)],
])('refuses %s', (_what, change) => {
  expect(reasonOf(() => parseTlogProof(Buffer.from(change(text()))))).toBe('TLOG_PROOF_INVALID');
});
