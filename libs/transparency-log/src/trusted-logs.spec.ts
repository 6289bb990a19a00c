import { type KeyRole, type PublicKey, type TrustRootContent } from '@stella/attestation';
import { reasonOf } from '@stella/testing';
import { logSigner, MemoryLog, numbered, ORIGIN, witnessSigner } from '../test/support/logs.js';
import { verifyCheckpoint } from './checkpoint.js';
import { encodeNote, type NoteSigner, parseNote, signNote, withSignatures } from './note.js';
import { requireWitnessed, trustedLog, trustedWitnesses, witnessingOrganisations } from './trusted-logs.js';

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const log = new MemoryLog(logSigner());
const [own, w1, w1b, w2] = ['acme.example/w', 'north.example/w1', 'north.example/w1b', 'south.example/w2'].map(witnessSigner) as [NoteSigner, NoteSigner, NoteSigner, NoteSigner];
const key = (name: string, publicKey: PublicKey, role: KeyRole, until = 50) =>
  ({ name, publicKey, organisation: name.split('/')[0]!, roles: [role], validFrom: day(1), validUntil: day(until) });
const named = (signer: NoteSigner) => ({ name: signer.key.name, fingerprint: signer.key.publicKey.fingerprint });
const root: TrustRootContent = {
  profile: 'production',
  version: 1,
  issuedAt: day(1),
  validUntil: day(60),
  keys: [
    key('acme.example/log', log.signer.key.publicKey, 'log'),
    ...[own, w1, w1b].map(({ key: { name, publicKey } }) => key(name, publicKey, 'witness')),
    key(w2.key.name, w2.key.publicKey, 'witness', 20),
  ],
  logs: [named(log.signer)],
  witnesses: [own, w1, w1b, w2].map(named),
  thresholds: [{ role: 'witness', organisations: 2 }],
};

async function cosigned(by: readonly NoteSigner[], at = day(10)) {
  const note = parseNote(log.checkpoint);
  const lines = await Promise.all(by.map((signer) => signNote(note.text, signer, 5)));
  return verifyCheckpoint(encodeNote(withSignatures(note, lines)), trustedLog(root, ORIGIN, at), trustedWitnesses(root, at));
}

beforeAll(() => log.append(numbered(3)));

test('logs and witnesses are those that the root lists, while their keys are valid', () => {
  expect(trustedLog(root, ORIGIN, day(10)).keys).toEqual([log.signer.key]);
  expect(trustedWitnesses(root, day(10)).map(({ name }) => name)).toHaveLength(4);
  expect(trustedWitnesses(root, day(20)).map(({ name }) => name)).not.toContain('south.example/w2');
  expect(reasonOf(() => trustedLog(root, 'other.example/log', day(10)))).toBe('TLOG_NOTE_UNVERIFIED');
  expect(reasonOf(() => trustedLog(root, ORIGIN, day(50)))).toBe('TLOG_NOTE_UNVERIFIED');
});

test('attacks 26 and 27: organisations count, not keys, and the log does not witness itself', async () => {
  const at = day(10);
  const identity = trustedLog(root, ORIGIN, at);
  const count = async (by: readonly NoteSigner[]) => [...witnessingOrganisations(root, await cosigned(by), identity, at)].sort();
  expect(await count([w1, w1b])).toEqual(['north.example']);
  expect(await count([own, w1])).toEqual(['north.example']);
  expect(await count([w1, w2])).toEqual(['north.example', 'south.example']);
  requireWitnessed(root, await cosigned([w1, w2]), identity, at);
  const short = await cosigned([w1, w1b, own]);
  expect(reasonOf(() => requireWitnessed(root, short, identity, at))).toBe('TLOG_WITNESSES_MISSING');
});

test('a root without a threshold witnesses nothing', async () => {
  const lax = { ...root, thresholds: [] };
  const checkpoint = await cosigned([w1, w2]);
  expect(reasonOf(() => requireWitnessed(lax, checkpoint, trustedLog(root, ORIGIN, day(10)), day(10)))).toBe('TLOG_WITNESSES_MISSING');
});
