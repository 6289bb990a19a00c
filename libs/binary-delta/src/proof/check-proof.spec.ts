import { parseEnvelope, sha256Hex } from '@stella/attestation';
import { madeProof, NOW, revocations, SIGNER, signedProof, STRANGER, trustRoot } from '../../test/signed-proof.js';
import { checkDeltaProof, type ProofAnswer, type ProofCheckInput } from './check-proof.js';

const proof = madeProof();

async function check(change: Partial<ProofCheckInput> = {}): Promise<ProofAnswer> {
  return checkDeltaProof({ envelope: await signedProof(), trustRoot: trustRoot(), pinnedKeysPem: [], revocationList: await revocations(), now: NOW, ...change });
}

test('a proof holds by its signature and its frame, and is attested by who signed it', async () => {
  expect(await check({ baselineSha256: proof.old.artifactSha256, candidateSha256: proof.new.artifactSha256 })).toMatchObject({
    answer: 'holds',
    baselineSha256: proof.old.artifactSha256,
    candidateSha256: proof.new.artifactSha256,
    counts: { semantic: 1 },
    identicalUnits: 1,
    signer: { name: 'dev:psdi', organisation: 'acme' },
  });
});

test('what is wrong with it is told by its name', async () => {
  const envelope = await signedProof();
  const statementSha256 = sha256Hex(parseEnvelope(envelope).payload);
  const flipped = Buffer.from(envelope);
  const at = flipped.indexOf('"sig":"') + 12;
  flipped[at] = flipped[at] === 65 ? 66 : 65;
  const cases: [Partial<ProofCheckInput>, string][] = [
    [{ envelope: flipped }, 'PROOF_SIGNATURE'],
    [{ envelope: await signedProof(proof, STRANGER) }, 'PROOF_SIGNATURE'],
    [{ trustRoot: trustRoot('pack-publisher') }, 'PROOF_SIGNATURE'],
    [{ envelope: Buffer.from('{}') }, 'PROOF_MALFORMED'],
    [{ envelope: await signedProof({ ...proof, old: { ...proof.old, root: 'ab'.repeat(32) } }) }, 'PROOF_OLD_ROOT_MISMATCH'],
    [{ envelope: await signedProof({ ...proof, units: [] }) }, 'PROOF_FRAME_BROKEN'],
    [{ baselineSha256: proof.new.artifactSha256 }, 'PROOF_SUBJECT_MISMATCH'],
    [{ candidateSha256: 'cd'.repeat(32) }, 'PROOF_SUBJECT_MISMATCH'],
    [{ revocationList: await revocations([{ kind: 'key', id: SIGNER.publicKey.fingerprint }]) }, 'PROOF_SIGNER_REVOKED'],
    [{ envelope, revocationList: await revocations([{ kind: 'statement', id: statementSha256 }]) }, 'PROOF_REVOKED'],
  ];
  for (const [change, refusal] of cases) expect(await check(change)).toMatchObject({ answer: 'refused', refusal });
});

test('without a root or a list that holds now it stays open', async () => {
  const cases: [Partial<ProofCheckInput>, string][] = [
    [{ revocationList: undefined }, 'REVOCATIONS_NOT_GIVEN'],
    [{ revocationList: await revocations([], new Date('2026-02-01T00:00:00.000Z')) }, 'REVOCATION_LIST_STALE'],
    [{ revocationList: await signedProof() }, 'SIGNATURE_UNVERIFIED'],
    [{ trustRoot: Buffer.from('{}') }, 'TRUST_ROOT_INVALID'],
    [{ now: new Date('2028-01-01T00:00:00.000Z') }, 'TRUST_ROOT_EXPIRED'],
    [{ pinnedKeysPem: ['no key'] }, 'KEY_MALFORMED'],
  ];
  for (const [change, reason] of cases) expect(await check(change)).toMatchObject({ answer: 'could-not-check', reason });
});
