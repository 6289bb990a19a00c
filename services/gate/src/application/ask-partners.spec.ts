import { verifyRevocationList, signRevocationList } from '@stella/attestation';
import { loadPolicySet, presetDocument } from '@stella/policy';
import { KEYS, NOW, openRoot, ORGANISATION } from '../../test/support/installation.js';
import { NO_FACTS } from '../../test/support/no-facts.js';
import { BASELINE, CANDIDATE, deltaOf, signCheck } from '../../test/support/release.js';
import { Unanswered } from '../domain/collected.js';
import type { Asking } from './asking.js';
import { AskPartners, partnersNeeded } from './ask-partners.js';
import type { FoundCheck } from './ports.js';

async function trustNow() {
  const root = openRoot();
  const envelope = await signRevocationList({ issuer: ORGANISATION, tenant: 'acme', version: 1, issuedAt: NOW, validUntil: new Date(NOW.getTime() + 1_000), entries: [] }, KEYS.revocation);
  return { root, revocations: verifyRevocationList(envelope, root, { issuer: ORGANISATION, now: NOW }) };
}

function asking(signal = new AbortController().signal): Asking {
  const question = { tenant: 'acme', baseline: { sha256: BASELINE, label: 'a' }, candidate: { sha256: CANDIDATE, label: 'b', resourceUri: 'pkg:b' }, claims: [], policyId: 'strict', baselineWord: 'runs', fresh: false } as const;
  return { question, evaluationId: '00000000-0000-4000-8000-000000000000', began: 1n, round: 1, report: () => undefined, unanswered: new Unanswered(), signal };
}

/** What the log answers, one look after the other; the last answer stays. */
async function ask(looks: readonly (readonly FoundCheck[])[], { needed = 1, waitMs = 50, one = asking() } = {}) {
  const { proof } = await deltaOf();
  let asked = 0;
  const log = { append: () => Promise.reject(new Error('not here')), checksOf: async () => looks[Math.min(asked++, looks.length - 1)] ?? [] };
  const found = await new AskPartners(log, NO_FACTS, { waitMs, pollMs: 5 }).execute(one, proof, needed, await trustNow(), ORGANISATION, NOW);
  return { found, asked: () => asked };
}

const check = async (signer: keyof typeof KEYS, change: object = {}): Promise<FoundCheck> => ({ envelope: await signCheck((await deltaOf()).proof, KEYS[signer], change), sameOperator: false });

test('waits until as many organisations agree as the policy wants, and no longer', async () => {
  const [one, two] = [await check('partner'), await check('otherPartner')];
  const { found, asked } = await ask([[], [one], [one, two], []], { needed: 2, waitMs: 1_000 });
  expect([found.envelopes.length, asked()]).toEqual([2, 3]);
});

test.each([
  ['that its signer is not listed', () => check('stranger')],
  ['that it is our own', () => check('psdi')],
  ['that it disagrees', () => check('partner', { result: 'disagrees', reason: 'PROOF_ROOT_MISMATCH' })],
  ['that everybody can see that a proof adds up', () => check('partner', { how: 'proof-check' })],
  ['that a node of the same operator says it', () => check('partner', { relation: 'same-operator' })],
  ['that it is about another proof', () => check('partner', { payloadSha256: 'a'.repeat(64) })],
])('a check is not worth ending the wait for the reason %s', async (_, make) => {
  const { asked } = await ask([[await make()]]);
  expect(asked()).toBeGreaterThan(3);
});

test('takes what listed partners say against it, and remembers all that it saw', async () => {
  const [against, stranger] = [await check('partner', { result: 'disagrees' }), await check('stranger')];
  const { found } = await ask([[against, stranger]], { needed: 0, waitMs: 0 });
  expect(found.envelopes).toEqual([against.envelope]);
  expect(found.seen).toHaveLength(2);
});

test('whoever gives up does not wait', async () => {
  const giving = new AbortController();
  setTimeout(() => giving.abort(new Error('gone')), 20);
  await expect(ask([[]], { waitMs: 60_000, one: asking(giving.signal) })).rejects.toThrow('gone');
});

test('only a policy that speaks of partners wants any', () => {
  const needed = (name: 'standard' | 'strict') => partnersNeeded(loadPolicySet(presetDocument(name, { version: 1, issuedAt: NOW, expiresAt: new Date(NOW.getTime() + 1_000) })));
  expect([needed('standard'), needed('strict')]).toEqual([0, 2]);
});
