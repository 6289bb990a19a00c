import { asyncReasonOf, reasonOf } from '@stella/testing';
import { logSigner, ORIGIN, witnessSigner } from '../test/support/logs.js';
import { type Checkpoint, formatCheckpoint, parseCheckpoint, signCheckpoint, verifyCheckpoint } from './checkpoint.js';
import { EMPTY_ROOT, hashLeaf } from './hashing.js';
import { encodeNote, parseNote, signNote, withSignatures } from './note.js';

const signer = logSigner();
const log = { origin: ORIGIN, keys: [signer.key] };
const checkpoint: Checkpoint = { origin: ORIGIN, size: 7, rootHash: hashLeaf(Buffer.from('x')), extensions: [] };
const emptyRoot = Buffer.from(EMPTY_ROOT).toString('base64');
const root = Buffer.from(checkpoint.rootHash).toString('base64');

test('reads back, extension lines included', () => {
  const extended = { ...checkpoint, extensions: ['a', 'b c'] };
  expect(formatCheckpoint(extended)).toBe(`${ORIGIN}\n7\n${root}\na\nb c\n`);
  expect(parseCheckpoint(formatCheckpoint(extended))).toMatchObject({ origin: ORIGIN, size: 7, extensions: ['a', 'b c'] });
});

test.each([
  `${ORIGIN}\n7\n`,
  `${ORIGIN}\n${root}\n`,
  `\n7\n${root}\n`,
  `${ORIGIN}\n\n${root}\n`,
  `${ORIGIN}\n07\n${root}\n`,
  `${ORIGIN}\n-7\n${root}\n`,
  `${ORIGIN}\n7.0\n${root}\n`,
  `${ORIGIN}\n9007199254740992\n${root}\n`,
  `${ORIGIN}\n7\n${root.slice(0, -1)}\n`,
  `${ORIGIN}\n7\nAAAA\n`,
  `${ORIGIN}\n7\n${root}`,
  `${ORIGIN}\n7\n${root}\n\n`,
  `${ORIGIN}\n7\n${root}\n\nx\n`,
  `${ORIGIN}\n0\n${root}\n`,
])('attack 25: refuses %j', (text) => {
  expect(reasonOf(() => parseCheckpoint(text))).toBe('TLOG_CHECKPOINT_MALFORMED');
});

test('the empty tree has the empty root', () => {
  expect(parseCheckpoint(`${ORIGIN}\n0\n${emptyRoot}\n`).size).toBe(0);
});

test('what would not read back is not signed', async () => {
  expect(await asyncReasonOf(async () => signCheckpoint({ ...checkpoint, origin: '' }, signer))).toBe('TLOG_CHECKPOINT_MALFORMED');
  expect(await asyncReasonOf(async () => signCheckpoint({ ...checkpoint, size: -1 }, signer))).toBe('TLOG_SIZE_OUT_OF_RANGE');
});

test('attack 25: by an unknown log, of another origin, or signed by witnesses only', async () => {
  const bytes = await signCheckpoint(checkpoint, signer);
  expect(verifyCheckpoint(bytes, log).checkpoint).toMatchObject({ size: 7 });
  expect(reasonOf(() => verifyCheckpoint(bytes, { ...log, keys: [logSigner().key] }))).toBe('TLOG_NOTE_UNVERIFIED');
  expect(reasonOf(() => verifyCheckpoint(bytes, { ...log, keys: [] }))).toBe('TLOG_NOTE_UNVERIFIED');
  const other = await signCheckpoint({ ...checkpoint, origin: 'other.example' }, signer);
  expect(reasonOf(() => verifyCheckpoint(other, log))).toBe('TLOG_ORIGIN_MISMATCH');
  const witness = witnessSigner('w.example');
  const text = formatCheckpoint(checkpoint);
  const unsigned = encodeNote({ text, signatures: [await signNote(text, witness, 5)] });
  expect(reasonOf(() => verifyCheckpoint(unsigned, log, [witness.key]))).toBe('TLOG_NOTE_UNVERIFIED');
  expect(reasonOf(() => verifyCheckpoint(unsigned, { ...log, keys: [witness.key] }))).toBe('TLOG_NOTE_UNVERIFIED');
});

test('names the known cosigners; a log key is none', async () => {
  const [w1, w2] = [witnessSigner('w1.example'), witnessSigner('w2.example')];
  const note = parseNote(await signCheckpoint(checkpoint, signer));
  const cosigned = encodeNote(withSignatures(note, [await signNote(note.text, w1, 5), await signNote(note.text, w2, 6)]));
  const { cosignatures } = verifyCheckpoint(cosigned, log, [w2.key, signer.key]);
  expect(cosignatures).toEqual([{ key: w2.key, timestampSeconds: 6 }]);
  expect(verifyCheckpoint(cosigned, log).cosignatures).toEqual([]);
});

test('every altered byte of a checkpoint is refused', async () => {
  const bytes = await signCheckpoint(checkpoint, signer);
  for (let at = 0; at < bytes.length; at += 1) {
    const altered = Uint8Array.from(bytes);
    altered[at]! ^= 1;
    expect(['TLOG_NOTE_MALFORMED', 'TLOG_NOTE_UNVERIFIED']).toContain(reasonOf(() => verifyCheckpoint(altered, log)));
  }
});
