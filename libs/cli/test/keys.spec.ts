import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyPair, publicKeyToPem, publicKeyFromPem, trustedKey, type TrustRoot, verifyTrustRoot } from '@stella/attestation';
import { run as runIn, type Ran } from './support/run.js';

const NOW = new Date('2026-06-01T12:00:00.000Z');
const LATER = new Date('2026-06-02T12:00:00.000Z');
const DAY_MS = 86_400_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...argv: readonly string[]): Promise<Ran> => runIn(['--json', ...argv], { cwd: folder, now: () => NOW });
const create = (organisation: string, out = organisation): Promise<Ran> => run('keys', 'create', '--organisation', organisation, '--out', out);
const build = (organisation: string, at = NOW, ...more: readonly string[]): Promise<Ran> =>
  runIn(['--json', 'trust', 'build', '--card', `${organisation}/card.json`, '--root-key', `${organisation}/root/root-key.pem`, '--out', `${organisation}/trust`, ...more], { cwd: folder, now: () => at });

async function rootOf(organisation: string, at = NOW): Promise<TrustRoot> {
  const pem = await readFile(join(folder, organisation, 'trust/root-keys.pem'), 'utf8');
  return verifyTrustRoot(await readFile(join(folder, organisation, 'trust/trust-root.json')), [publicKeyFromPem(pem)], at);
}

test('every role gets a key of its own that only its owner may read, once', async () => {
  const first = await create('acme.example');
  expect(first.code).toBe(0);
  const { keys } = first.json as { keys: { name: string; path: string; fingerprint: string; isNew: boolean }[] };
  expect(keys.map(({ name }) => name)).toEqual(['root', 'psdi/evidence', 'frvf/evidence', 'fbpe/evidence', 'fbpe/log', 'fbpe/cosigner', 'gate/verdict', 'gate/policy', 'gate/revocation', 'publisher/publisher']);
  expect(new Set(keys.map(({ fingerprint }) => fingerprint)).size).toBe(keys.length);
  for (const { path } of keys) expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'acme.example/gate'))).mode & 0o777).toBe(0o700);

  const again = await create('acme.example');
  expect(again.json.keys).toEqual(keys.map((key) => ({ ...key, isNew: false })));
  await rm(join(folder, 'acme.example/gate/policy-key.pem'));
  const mended = await create('acme.example');
  expect(mended.json.keys.filter(({ isNew }: { isNew: boolean }) => isNew)).toMatchObject([{ name: 'gate/policy' }]);
});

test.each([
  ['no domain name', 'ACME Inc.', 'keys'],
  ['a folder of another organisation', 'other.example', 'acme.example'],
])('%s is refused, and nothing is made', async (_, organisation, out) => {
  await create('acme.example');
  const before = await readdir(folder, { recursive: true });
  expect(await create(organisation, out)).toMatchObject({ code: 2 });
  expect(await readdir(folder, { recursive: true })).toEqual(before);
});

test('the root lists every key in its one role, is signed by the root key, and lists no development key', async () => {
  await create('acme.example');
  const built = await build('acme.example');
  expect(built).toMatchObject({ code: 0, json: { version: 1, isNew: true } });
  const root = await rootOf('acme.example');
  const rootKey = KeyPair.fromPem(await readFile(join(folder, 'acme.example/root/root-key.pem'), 'utf8'));
  expect(root).toMatchObject({ profile: 'production', version: 1, logs: [{ name: 'acme.example/stella/log' }], witnesses: [{ name: 'acme.example/stella/cosigner' }], thresholds: [] });
  expect(root.signedBy?.fingerprint).toBe(rootKey.keyId);
  expect(root.keys.map(({ roles }) => roles)).toEqual([['evidence'], ['evidence'], ['evidence'], ['log'], ['witness'], ['verdict'], ['policy'], ['revocation'], ['pack-publisher']]);
  expect(root.keys.filter(({ verifierId }) => verifierId !== undefined)).toMatchObject([{ roles: ['verdict'], verifierId: 'https://acme.example/stella/gate' }]);
  expect(root.keys.some(({ name, publicKey }) => name.startsWith('dev:') || publicKey.fingerprint === rootKey.keyId)).toBe(false);
  expect(root.validUntil.getTime() - NOW.getTime()).toBe(365 * DAY_MS);
});

test('a partner is listed for what it says as evidence and as a witness, never for verdicts', async () => {
  await create('acme.example');
  await create('northwind.example');
  await build('acme.example', NOW, '--partner', 'northwind.example/card.json', '--witnesses', '2');
  const root = await rootOf('acme.example');
  const theirs = root.keys.filter(({ organisation }) => organisation === 'northwind.example');
  expect(theirs.map(({ roles }) => roles)).toEqual([['evidence'], ['evidence'], ['evidence'], ['log'], ['witness']]);
  expect(root.logs.map(({ name }) => name)).toEqual(['acme.example/stella/log', 'northwind.example/stella/log']);
  expect(root.thresholds).toEqual([{ role: 'witness', organisations: 2 }]);
  expect(await build('acme.example', NOW, '--without', 'northwind.example', '--witnesses', '0')).toMatchObject({ json: { version: 2 } });
  expect(await rootOf('acme.example')).toMatchObject({ logs: [{ name: 'acme.example/stella/log' }], thresholds: [] });
});

test('built again it is the same root, until something changes or half of its time is over', async () => {
  await create('acme.example');
  await create('northwind.example');
  await build('acme.example', NOW, '--partner', 'northwind.example/card.json');
  const first = await rootOf('acme.example');
  // Partners stay without being named again.
  expect(await build('acme.example', LATER)).toMatchObject({ json: { version: 1, isNew: false, digest: first.digest } });
  expect((await rootOf('acme.example')).digest).toBe(first.digest);
  const half = new Date(NOW.getTime() + 183 * DAY_MS);
  expect(await build('acme.example', half)).toMatchObject({ json: { version: 2, isNew: true } });
  const expired = new Date(NOW.getTime() + 1_000 * DAY_MS);
  expect(await build('acme.example', expired)).toMatchObject({ json: { version: 3, isNew: true } });
});

test('a rotated key is listed beside the one before it, which still counts until its end', async () => {
  await create('acme.example');
  await build('acme.example');
  const before = await rootOf('acme.example');
  const rotated = await run('keys', 'rotate', 'gate/verdict', '--keys', 'acme.example');
  expect(rotated.code).toBe(0);
  const { key, retired } = rotated.json as { key: { fingerprint: string }; retired: string };
  await build('acme.example', LATER);
  const after = await rootOf('acme.example', LATER);
  expect(after.version).toBe(2);
  const old = KeyPair.fromPem(await readFile(join(folder, retired), 'utf8'));
  expect(trustedKey(after, key.fingerprint)).toMatchObject({ roles: ['verdict'], validUntil: after.validUntil });
  expect(trustedKey(after, old.keyId)).toMatchObject({ roles: ['verdict'], validUntil: before.validUntil });
  // What did not change is believed from the time that it was.
  for (const { publicKey, validFrom } of after.keys.filter(({ publicKey }) => trustedKey(before, publicKey.fingerprint))) expect(trustedKey(before, publicKey.fingerprint)?.validFrom).toEqual(validFrom);
});

test('the key of the log is the log, and is not rotated', async () => {
  await create('acme.example');
  const refused = await run('keys', 'rotate', 'fbpe/log', '--keys', 'acme.example');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('a log keeps its key for life');
});

test('a root that another key signed is not followed, unless that key is named', async () => {
  await create('acme.example');
  await build('acme.example');
  const old = KeyPair.fromPem(await readFile(join(folder, 'acme.example/root/root-key.pem'), 'utf8'));
  await writeFile(join(folder, 'acme.example/root/root-key.pem'), KeyPair.generate('ed25519').toPem());
  const refused = await build('acme.example', LATER);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('SIGNATURE_UNVERIFIED');
  await writeFile(join(folder, 'old.pub.pem'), publicKeyToPem(old.publicKey));
  expect(await build('acme.example', LATER, '--earlier-root-key', 'old.pub.pem')).toMatchObject({ code: 0, json: { version: 2, isNew: true } });
  expect((await readFile(join(folder, 'acme.example/trust/root-keys.pem'), 'utf8')).match(/BEGIN PUBLIC KEY/g)).toHaveLength(2);
});

test.each([
  ['lacks a use', (text: string) => text.replace(/\{\s*"use": "gate\/policy"[^}]*\},?/, '')],
  ['holds a key under another fingerprint', (text: string) => text.replace(/"fingerprint": "./, '"fingerprint": "x')],
  ['has one member more', (text: string) => text.replace('"organisation"', '"note": "x", "organisation"')],
])('a card that %s is refused', async (_, spoil) => {
  await create('acme.example');
  const path = join(folder, 'acme.example/card.json');
  await writeFile(path, spoil(await readFile(path, 'utf8')));
  const refused = await build('acme.example');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('DOCUMENT_SHAPE_INVALID');
});
