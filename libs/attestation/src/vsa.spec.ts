import { reasonOf, refusal } from '@stella/testing';
import { toSigstoreBundle } from './sigstore-bundle.js';
import { KeyPair } from './key-pair.js';
import { publicKeyFromSpki } from './keys.js';
import { PREDICATE_TYPES } from './predicate-types.js';
import { parseStatement, buildStatement, signStatement, verifyStatement } from './statement.js';
import { buildVsa, parseVsa, type VerificationSummary } from './vsa.js';

const sha256 = 'a'.repeat(64);
const summary: VerificationSummary = {
  subject: { name: 'esbuild', sha256 },
  verifierId: 'https://stella-ops.org/verifier/acme',
  verifierVersion: { stella: '0.1.0' },
  timeVerified: new Date('2026-01-02T03:04:05.678Z'),
  resourceUri: 'pkg:npm/%40esbuild/linux-x64@0.18.12',
  policy: { uri: 'https://stella-ops.org/policy/fast-patch', sha256: 'b'.repeat(64) },
  inputAttestations: [{ uri: 'urn:stella:verdict', sha256: 'c'.repeat(64) }],
  verifiedLevels: ['STELLA_FAST_PATCH'],
};
const built = buildVsa(summary);
const altered = (change: object, remove: string[] = []) => {
  const predicate = { ...(built.predicate as Record<string, unknown>), ...change };
  for (const name of remove) delete predicate[name];
  return parseStatement(buildStatement({ ...built, predicate }));
};

test('a summary reads back from its signed bytes', async () => {
  const signer = KeyPair.generate('ecdsa-p256-sha256');
  const envelope = await signStatement(built, signer);
  const { statement } = verifyStatement(envelope, [signer.publicKey], { predicateType: PREDICATE_TYPES.slsaVsa });
  expect(parseVsa(statement)).toEqual(summary);
});

test('has the members that SLSA 1.2 requires, under their names', () => {
  expect(built.predicate).toEqual({
    verifier: { id: summary.verifierId, version: { stella: '0.1.0' } },
    timeVerified: '2026-01-02T03:04:05.678Z',
    resourceUri: summary.resourceUri,
    policy: { uri: summary.policy.uri, digest: { sha256: 'b'.repeat(64) } },
    inputAttestations: [{ uri: 'urn:stella:verdict', digest: { sha256: 'c'.repeat(64) } }],
    verificationResult: 'PASSED',
    verifiedLevels: ['STELLA_FAST_PATCH'],
    slsaVersion: '1.2',
  });
});

test('attack 7: FAILED, well signed', () => {
  expect(refusal(() => parseVsa(altered({ verificationResult: 'FAILED' }))).facts['at']).toBe('vsa.verificationResult');
});

test('attack 12: two subjects, ours second', () => {
  const statement = parseStatement(buildStatement({ ...built, subjects: [{ name: 'x', sha256: 'd'.repeat(64) }, summary.subject] }));
  expect(reasonOf(() => parseVsa(statement))).toBe('VSA_INVALID');
});

test.each<[string, object, string[]]>([
  ['attack 17: no policy', {}, ['policy']],
  ['attack 17: a policy without digest', { policy: { uri: 'https://example.com/p' } }, []],
  ['attack 19: no time', {}, ['timeVerified']],
  ['a time with an offset', { timeVerified: '2026-01-02T04:04:05.678+01:00' }, []],
  ['a time without milliseconds', { timeVerified: '2026-01-02T04:04:05Z' }, []],
  ['a day that does not exist', { timeVerified: '2026-02-30T04:04:05.000Z' }, []],
  ['a time that is a number', { timeVerified: 5 }, []],
  ['no input', { inputAttestations: [] }, []],
  ['inputs that are no list', { inputAttestations: {} }, []],
  ['an input without digest', { inputAttestations: [{ uri: 'urn:a' }] }, []],
  ['no level', { verifiedLevels: [] }, []],
  ['a SLSA level', { verifiedLevels: ['SLSA_BUILD_LEVEL_3'] }, []],
  ['a level that is no text', { verifiedLevels: [3] }, []],
  ['another SLSA version', { slsaVersion: '1.0' }, []],
  ['a relative verifier id', { verifier: { id: 'acme', version: { stella: '1' } } }, []],
  ['an unknown member', { dependencyLevels: {} }, []],
  ['a resource with a space', { resourceUri: 'pkg:a b' }, []],
])('refuses %s', (_what, change, remove) => {
  expect(reasonOf(() => parseVsa(altered(change, remove)))).toBe('VSA_INVALID');
});

test('attack 5: a statement of another type; what is not a PASSED summary cannot be built', () => {
  expect(reasonOf(() => parseVsa({ ...parseStatement(buildStatement(built)), predicateType: PREDICATE_TYPES.verdict }))).toBe('PREDICATE_TYPE_MISMATCH');
  expect(reasonOf(() => buildVsa({ ...summary, verifiedLevels: ['SLSA_BUILD_LEVEL_2'] }))).toBe('VSA_INVALID');
});

test('exports the same signature as a Sigstore bundle v0.3', async () => {
  const spki = '3059301306072a8648ce3d020106082a8648ce3d0301070342000404aaec73635726f213fb8a9e64da3b8632e41495a944d0045b522eba7240fad587d9315798aaa3a5ba01775787ced05eaaf7b4e09fc81d6d1aa546e8365d525d';
  const key = publicKeyFromSpki(Buffer.from(spki, 'hex'));
  const envelope = await signStatement(built, KeyPair.generate('ecdsa-p256-sha256'));
  const { payload, payloadType, signatures } = JSON.parse(Buffer.from(envelope).toString()) as Record<string, unknown> & { signatures: { sig: string }[] };
  expect(JSON.parse(Buffer.from(toSigstoreBundle(envelope, key)).toString())).toEqual({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: Buffer.from(key.fingerprint, 'hex').toString('base64') } },
    dsseEnvelope: { payload, payloadType, signatures: [{ sig: signatures[0]!.sig }] },
  });
  expect(reasonOf(() => toSigstoreBundle(Buffer.from('{}'), key))).toBe('ENVELOPE_MALFORMED');
});
