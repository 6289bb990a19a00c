import { KeyPair } from '@stella/attestation';
import { formatVerifierKey, noteKey, type NoteKeyType } from '@stella/transparency-log';
import { isSameOperator, type OwnIdentity, type RawPeerTerms, readPeerTerms } from './peering.js';

const [log, cosigner, evidence] = [0, 1, 2].map(() => KeyPair.generate('ed25519')) as [KeyPair, KeyPair, KeyPair];
const verifierKey = (name: string, type: NoteKeyType, pair: KeyPair) => formatVerifierKey(noteKey(name, type, pair.publicKey));
const own: OwnIdentity = { organisation: 'own.example', origin: 'own.example/log', development: false, keys: new Set(['f'.repeat(64)]) };
const raw: RawPeerTerms = {
  organisation: 'peer.example',
  origin: 'peer.example/log',
  logKey: verifierKey('peer.example/log', 'ed25519', log),
  cosignerKey: verifierKey('peer.example/cosigner', 'cosignature', cosigner),
  evidenceKeys: [evidence.publicKey.spki],
  grpcAddress: '',
  httpAddress: 'https://peer.example:8443',
  sameOperator: false,
  development: false,
};

test('terms that fit are read', () => {
  const terms = readPeerTerms(raw, own);
  expect([terms.logKey.publicKey.fingerprint, terms.cosignerKey.publicKey.fingerprint, terms.evidenceKeys[0]?.fingerprint]).toEqual([log.keyId, cosigner.keyId, evidence.keyId]);
  expect(isSameOperator(terms, own)).toBe(false);
});

test.each([
  ['origin', { origin: 'own.example/log' }],
  ['log_key', { logKey: verifierKey('other.example/log', 'ed25519', log) }],
  ['log_key', { logKey: verifierKey('peer.example/log', 'cosignature', log) }],
  ['log_key', { logKey: raw.logKey.replace(/\+[0-9a-f]{8}\+/, '+00000000+') }],
  ['cosigner_key', { cosignerKey: verifierKey('peer.example/cosigner', 'ed25519', cosigner) }],
  ['evidence_keys', { evidenceKeys: [Buffer.from('no key')] }],
  ['http_address', { httpAddress: 'file:///etc/passwd' }],
  ['http_address', { httpAddress: 'https://user:secret@peer.example' }],
  ['http_address', { httpAddress: 'https://peer.example/path' }],
  ['http_address', { httpAddress: 'https://peer.example/?x' }],
  ['http_address', { httpAddress: '' }],
] as const)('%s that does not fit is refused: %j', (field, change) => {
  expect(() => readPeerTerms({ ...raw, ...change }, own)).toThrow(expect.objectContaining({ reason: 'PEERING_INVALID', facts: expect.objectContaining({ field }) as object }) as Error);
});

test.each([
  ['its label', { sameOperator: true }, {}],
  ['its development keys', { development: true }, {}],
  ['the own development keys', {}, { development: true }],
  ['its organisation', { organisation: 'own.example' }, {}],
  ['a shared log key', {}, { keys: new Set([log.keyId]) }],
  ['a shared cosigner key', {}, { keys: new Set([cosigner.keyId]) }],
  ['a shared evidence key', {}, { keys: new Set([evidence.keyId]) }],
])('a node of the same operator is known by %s', (_how, peer, self) => {
  expect(isSameOperator(readPeerTerms({ ...raw, ...peer }, own), { ...own, ...self })).toBe(true);
});
