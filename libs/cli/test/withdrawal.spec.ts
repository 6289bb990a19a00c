import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { KeyPair, publicKeyToPem, sha256Hex } from '@stella/attestation';
import { Outcome, WithdrawalKind, WithdrawalReason } from '@stella/contracts/stella/gate/v1alpha/gate';
import { revocationEnvelope } from '../../verdict/test/support/keys.js';
import { FakeStella, Refusal } from './support/fake-stella.js';
import { type Ran, run } from './support/run.js';

const ID = 'ab'.repeat(32);
const PROGRAM = sha256Hex(Buffer.from('program'));
const said = (change: object = {}) => ({ kind: WithdrawalKind.WITHDRAWAL_KIND_CANDIDATE, sha256: PROGRAM, inForce: true, reason: WithdrawalReason.WITHDRAWAL_REASON_VULNERABLE, by: 'alice', time: new Date('2026-06-01T12:00:00Z'), ...change });

let fake: FakeStella;
const stella = (...argv: string[]): Promise<Ran> => run(['--connection', fake.connection, ...argv], { cwd: fake.folder });
const requestOf = (name: string): unknown => fake.requests.findLast(({ method }) => method === name)?.request;

beforeAll(async () => {
  fake = await FakeStella.start();
  await writeFile(join(fake.folder, 'program'), 'program');
  fake.answers['getArtifact'] = ({ name }) => ({ artifact: { name, sha256: name.slice('artifacts/'.length), label: 'program' } });
});
afterAll(() => fake.stop());

describe('candidate', () => {
  test('withdraw says why in a word, and keeps the note apart', async () => {
    fake.answers['withdrawCandidate'] = ({ note }) => ({ withdrawal: said({ note }) });
    const { code, out } = await stella('candidate', 'withdraw', 'program', '--reason', 'vulnerable', '--note', 'CVE-2026-1');
    expect(code).toBe(0);
    expect(requestOf('withdrawCandidate')).toEqual({ candidateSha256: PROGRAM, reason: WithdrawalReason.WITHDRAWAL_REASON_VULNERABLE, note: 'CVE-2026-1' });
    expect(out).toMatch(new RegExp(`^withdrawn +candidate  ${PROGRAM}\nreason +vulnerable\nby +alice\nat +2026-06-01T12:00:00.000Z\nnote +CVE-2026-1\n`));
    expect(out).toContain('stella trust export');
    expect((await stella('candidate', 'withdraw', `sha256:${ID}`, '--json')).json).toMatchObject({ withdrawal: { inForce: true, by: 'alice' } });
    expect(requestOf('withdrawCandidate')).toEqual({ candidateSha256: ID, reason: WithdrawalReason.WITHDRAWAL_REASON_UNSPECIFIED, note: '' });
  });

  test('reinstate tells what is possible again; what was never withdrawn is no', async () => {
    fake.answers['reinstateCandidate'] = () => ({ withdrawal: said({ inForce: false, reason: WithdrawalReason.WITHDRAWAL_REASON_MISTAKEN }) });
    const { code, out } = await stella('candidate', 'reinstate', 'program', '--reason', 'mistaken');
    expect([code, requestOf('reinstateCandidate')]).toEqual([0, { candidateSha256: PROGRAM, reason: WithdrawalReason.WITHDRAWAL_REASON_MISTAKEN, note: '' }]);
    expect(out).toMatch(/^reinstated +candidate[^]*stella gate/);
    fake.answers['reinstateCandidate'] = () => new Refusal(status.FAILED_PRECONDITION, 'CANDIDATE_NOT_WITHDRAWN', { candidate: ID });
    expect(await stella('candidate', 'reinstate', ID)).toMatchObject({ code: 1, err: expect.stringMatching(/^CANDIDATE_NOT_WITHDRAWN/) });
  });

  test('list shows both, and follows pages', async () => {
    fake.answers['listWithdrawals'] = ({ pageToken }) => (pageToken === '' ? { withdrawals: [said()], nextPageToken: 'more' } : { withdrawals: [said({ sha256: ID, inForce: false })] });
    const { code, out } = await stella('candidate', 'list');
    expect([code, out.split('\n').length]).toEqual([0, 4]);
    expect(out).toMatch(new RegExp(`withdrawn +vulnerable +alice +${PROGRAM}[^]*reinstated +vulnerable +alice +${ID}`));
    expect(requestOf('listWithdrawals')).toMatchObject({ kind: WithdrawalKind.WITHDRAWAL_KIND_CANDIDATE });
  });

  test('a word that the statement has not is wrong usage', async () => {
    expect((await stella('candidate', 'withdraw', 'program', '--reason', 'because')).code).toBe(2);
    expect((await stella('candidate', 'withdraw')).code).toBe(2);
  });
});

test('verdict revoke: the candidate goes with it, and a DENY alone', async () => {
  fake.answers['revokeVerdict'] = ({ verdict }) => ({ verdict: { name: verdict, revoked: true, outcome: Outcome.OUTCOME_ALLOW }, withdrawal: said({ verdict }) });
  const { code, out } = await stella('verdict', 'revoke', ID, '--reason', 'defective', '--note', 'the wrong baseline');
  expect([code, requestOf('revokeVerdict')]).toEqual([0, { verdict: `verdicts/${ID}`, reason: 'the wrong baseline', word: WithdrawalReason.WITHDRAWAL_REASON_DEFECTIVE }]);
  expect(out).toMatch(new RegExp(`^verdicts/${ID} is taken back\n\nwithdrawn +candidate`));
  fake.answers['revokeVerdict'] = ({ verdict }) => ({ verdict: { name: verdict, revoked: true, outcome: Outcome.OUTCOME_DENY } });
  const denial = await stella('verdict', 'revoke', ID);
  expect([denial.code, denial.out.includes('withdrawn'), (requestOf('revokeVerdict') as { reason: string }).reason]).toEqual([0, false, 'no note']);
});

test('verdict show: why it counts no more, and what bars its candidate', async () => {
  fake.answers['getVerdict'] = ({ name }) => ({ verdict: { name, outcome: Outcome.OUTCOME_ALLOW, revoked: true, revocationReason: 'refuted', supersededBy: 'verdicts/cd', validUntilTime: new Date('2026-12-01T00:00:00Z'), withdrawal: said() } });
  const { code, out } = await stella('verdict', 'show', ID);
  expect([code, out]).toEqual([1, expect.stringMatching(/^verdict +ALLOW \(revoked: refuted\)\n[^]*superseded by +verdicts\/cd\nvalid until +2026-12-01T00:00:00.000Z\n[^]*The candidate is barred:\n {2}withdrawn +candidate/)]);
});

describe('trust', () => {
  test('revoke-key takes a fingerprint, or the file of a public key', async () => {
    const { publicKey } = KeyPair.generate('ed25519');
    await writeFile(join(fake.folder, 'key.pub.pem'), publicKeyToPem(publicKey));
    fake.answers['revokeTrustedKey'] = ({ fingerprint }) => ({ withdrawal: said({ kind: WithdrawalKind.WITHDRAWAL_KIND_KEY, sha256: fingerprint }) });
    expect(await stella('trust', 'revoke-key', 'key.pub.pem', '--reason', 'compromised')).toMatchObject({ code: 0, out: expect.stringContaining(`key  ${publicKey.fingerprint}`) });
    expect(requestOf('revokeTrustedKey')).toEqual({ fingerprint: publicKey.fingerprint, reason: WithdrawalReason.WITHDRAWAL_REASON_COMPROMISED, note: '' });
    await stella('trust', 'revoke-key', ID);
    expect(requestOf('revokeTrustedKey')).toMatchObject({ fingerprint: ID });
    fake.answers['revokeTrustedKey'] = () => new Refusal(status.NOT_FOUND, 'KEY_UNKNOWN', { key: ID });
    expect(await stella('trust', 'revoke-key', ID)).toMatchObject({ code: 2, err: expect.stringMatching(/^KEY_UNKNOWN/) });
  });

  test('revoke-policy takes a digest, or a name of one in force', async () => {
    fake.answers['listPolicies'] = () => ({ policies: [{ name: 'policies/standard', sha256: ID }] });
    fake.answers['revokePolicy'] = ({ policySha256 }) => ({ withdrawal: said({ kind: WithdrawalKind.WITHDRAWAL_KIND_POLICY, sha256: policySha256 }) });
    for (const text of ['standard', 'policies/standard', ID, `sha256:${ID}`]) {
      expect((await stella('trust', 'revoke-policy', text, '--reason', 'defective')).code).toBe(0);
      expect(requestOf('revokePolicy')).toEqual({ policySha256: ID, reason: WithdrawalReason.WITHDRAWAL_REASON_DEFECTIVE, note: '' });
    }
  });

  test('revocations shows what the list says', async () => {
    const list = Buffer.from(await revocationEnvelope([{ kind: 'candidate', id: PROGRAM, reason: 'withdrawn', at: new Date('2026-06-01T12:00:00Z') }], undefined, 7));
    fake.answers['getTrust'] = () => ({ trustRoot: Buffer.from('root'), revocationList: list });
    const { code, out } = await stella('trust', 'revocations');
    expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`list of +acme, tenant acme\nversion +7\n[^]*entries +1\n[^]*2026-06-01T12:00:00.000Z  candidate  withdrawn  ${PROGRAM}\n$`))]);
    expect((await stella('trust', 'revocations', '--json')).json).toMatchObject({ revocations: { version: 7, entries: [{ kind: 'candidate' }] } });
  });
});
