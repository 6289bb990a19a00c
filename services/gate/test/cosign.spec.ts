import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildVsa, canonicalize, PREDICATE_TYPES, publicKeyToPem, signStatement, toSigstoreBundle } from '@stella/attestation';
import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import { findCosign, verifyBlobAttestation, type CosignRun } from './support/cosign.js';
import { GateRuntime } from './support/gate-runtime.js';
import { KEYS, NOW, VERIFIER } from './support/installation.js';
import { ARTIFACT, CANDIDATE } from './support/release.js';

const cosign = findCosign();
const isMissing = 'missing' in cosign;
// What was not checked has not passed.
if (isMissing && process.env['CI']) throw new Error(cosign.missing);
if (isMissing) console.warn(`NOT CHECKED against the real cosign: ${cosign.missing}`);

(isMissing ? describe.skip : describe)('the real cosign, with the public key alone', () => {
  let gate: GateRuntime;
  let folder: string;
  let bundle: Buffer;
  beforeAll(async () => {
    gate = await GateRuntime.start();
    folder = await mkdtemp(join(tmpdir(), 'stella-cosign-'));
    await writeFile(join(folder, 'artifact'), ARTIFACT);
    await writeFile(join(folder, 'other'), 'another program');
    await writeFile(join(folder, 'gate.pub'), publicKeyToPem(KEYS.verdict.publicKey));
    await writeFile(join(folder, 'stranger.pub'), publicKeyToPem(KEYS.stranger.publicKey));
    const { verdict } = await gate.evaluate();
    expect(verdict.outcome).toBe(Outcome.OUTCOME_ALLOW);
    bundle = Buffer.from(verdict.vsaSigstoreBundle);
  }, 60_000);
  afterAll(async () => {
    await gate.stop();
    await rm(folder, { recursive: true });
  });

  const run = async (bytes: Uint8Array, { file = 'artifact', key = 'gate.pub', type = PREDICATE_TYPES.slsaVsa as string } = {}): Promise<CosignRun> => {
    await writeFile(join(folder, 'bundle.json'), bytes);
    const at = (name: string) => join(folder, name);
    return verifyBlobAttestation((cosign as { path: string }).path, folder, { key: at(key), bundle: at('bundle.json'), type, file: at(file) });
  };

  test('accepts the summary of an ALLOW unchanged', async () => {
    expect(await run(bundle)).toEqual({ exitCode: 0, output: expect.stringContaining('Verified OK') });
  });

  test('accepts one signed with Ed25519 as well', async () => {
    const digest = { uri: 'urn:test', sha256: CANDIDATE };
    const vsa = await signStatement(
      buildVsa({ subject: { name: 'artifact', sha256: CANDIDATE }, verifierId: VERIFIER, verifierVersion: { stella: '1' }, timeVerified: NOW, resourceUri: 'pkg:npm/app@1.0.1', policy: digest, inputAttestations: [digest], verifiedLevels: ['STELLA_STANDARD'] }),
      KEYS.stranger,
    );
    expect(await run(toSigstoreBundle(vsa, KEYS.stranger.publicKey), { key: 'stranger.pub' })).toMatchObject({ exitCode: 0 });
  });

  test('refuses it for another file, under another key, and as another type', async () => {
    for (const change of [{ file: 'other' }, { key: 'stranger.pub' }, { type: PREDICATE_TYPES.verdict }]) {
      expect((await run(bundle, change)).exitCode).not.toBe(0);
    }
  });

  test('refuses one that was changed', async () => {
    const parsed = JSON.parse(bundle.toString()) as { dsseEnvelope: { payload: string; signatures: { sig: string }[] } };
    const statement = Buffer.from(parsed.dsseEnvelope.payload, 'base64').toString();
    const changed = (payload: string) => canonicalize({ ...parsed, dsseEnvelope: { ...parsed.dsseEnvelope, payload: Buffer.from(payload).toString('base64') } });
    expect((await run(changed(statement))).exitCode).toBe(0);
    expect((await run(changed(statement.replace('STELLA_FAST_PATCH', 'STELLA_STRICT')))).exitCode).not.toBe(0);
    const sig = Buffer.from(parsed.dsseEnvelope.signatures[0]?.sig ?? '', 'base64');
    sig[20] = (sig[20] ?? 0) ^ 1;
    expect((await run(canonicalize({ ...parsed, dsseEnvelope: { ...parsed.dsseEnvelope, signatures: [{ sig: sig.toString('base64') }] } }))).exitCode).not.toBe(0);
  });

  test('a verdict that is no ALLOW gives it nothing to accept', async () => {
    gate.peers.observe = () => 'expected-failure';
    const { verdict } = await gate.evaluate({}, { tenant: 'denied' });
    expect([verdict.outcome, verdict.vsaSigstoreBundle.length]).toEqual([Outcome.OUTCOME_DENY, 0]);
    expect((await run(toSigstoreBundle(verdict.statement?.envelope ?? Buffer.alloc(0), KEYS.verdict.publicKey))).exitCode).not.toBe(0);
  });
});
