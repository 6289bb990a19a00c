import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifySignature } from '@stella/attestation';
import { KeyFolder } from './key-folder.js';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'stella-keys-')), 'keys');
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

test('a key is made once, stays, and only its owner may read it', async () => {
  const keys = await KeyFolder.open(folder);
  const racing = await Promise.all(Array.from({ length: 8 }, () => keys.keyPair('evidence', 'ed25519')));
  const again = await (await KeyFolder.open(folder)).keyPair('evidence', 'ed25519');
  expect(new Set([...racing, again].map((pair) => pair.keyId)).size).toBe(1);
  const message = Buffer.from('message');
  expect(verifySignature(again.publicKey, message, await again.sign(message))).toBe(true);
  expect(await readdir(folder)).toEqual(['evidence.pem']);
  expect((await stat(join(folder, 'evidence.pem'))).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('a name that leaves the folder, a broken file and another algorithm are refused', async () => {
  const keys = await KeyFolder.open(folder);
  await expect(keys.keyPair('../evidence', 'ed25519')).rejects.toMatchObject({ reason: 'KEY_MALFORMED' });
  await writeFile(join(folder, 'broken.pem'), 'no key');
  await expect(keys.keyPair('broken', 'ed25519')).rejects.toMatchObject({ reason: 'KEY_MALFORMED' });
  await keys.keyPair('verdict', 'ecdsa-p256-sha256');
  await expect(keys.keyPair('verdict', 'ed25519')).rejects.toMatchObject({ reason: 'KEY_MALFORMED' });
});
