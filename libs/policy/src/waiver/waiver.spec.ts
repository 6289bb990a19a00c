import { loadPolicySet } from '../decision/policy-set.js';
import { presetDocument } from '../presets/presets.js';
import { checkWaivers, type SignedWaiver, type WaiverContext } from './check-waivers.js';
import { checkWaiver, type Waiver } from './waiver.js';

const policy = loadPolicySet(presetDocument('standard', { version: 1, issuedAt: new Date('2026-01-01T00:00:00Z'), expiresAt: new Date('2027-01-01T00:00:00Z') }));
const CONTEXT: WaiverContext = { tenant: 'acme', candidateSha256: 'c'.repeat(64), policy, now: new Date('2026-06-01T00:00:00Z'), requesterKeys: ['requester'] };

const WAIVER: Waiver = {
  format: 'stella-waiver/1',
  tenant: 'acme',
  rule: 'data-explained',
  candidateSha256: CONTEXT.candidateSha256,
  policySha256: policy.digest,
  reason: 'the table was reviewed by hand',
  issuedAt: '2026-05-31T00:00:00.000Z',
  expiresAt: '2026-06-02T00:00:00.000Z',
};

let next = 0;
function signed(change: Partial<Waiver> = {}, signer: Partial<SignedWaiver> = {}): SignedWaiver {
  next += 1;
  return { waiver: { ...WAIVER, ...change }, evidence: next.toString(16).padStart(64, '0'), keyFingerprint: 'approver', mayWaive: true, ...signer };
}

test('a sound waiver counts', () => {
  const one = signed();
  expect(checkWaivers([one], CONTEXT)).toEqual({ accepted: [one], ignored: [] });
});

test.each([
  ['someone without the right', signed({}, { mayWaive: false }), 'NO_RIGHT'],
  ['who asked for the release', signed({}, { keyFingerprint: 'requester' }), 'SELF_APPROVED'],
  ['another tenant', signed({ tenant: 'other' }), 'OTHER_TENANT'],
  ['another digest', signed({ candidateSha256: 'd'.repeat(64) }), 'OTHER_CANDIDATE'],
  ['another policy version', signed({ policySha256: '0'.repeat(64) }), 'OTHER_POLICY'],
  ['a time that is over', signed({ expiresAt: '2026-06-01T00:00:00.000Z' }), 'EXPIRED'],
  ['a time to come', signed({ issuedAt: '2026-06-01T00:00:01.000Z' }), 'NOT_YET_VALID'],
  ['a rule that is none', signed({ rule: 'no-such-rule' }), 'NO_SUCH_RULE'],
  ['an integrity rule', signed({ rule: 'coverage-known' }), 'NOT_WAIVABLE'],
])('row 40: a waiver of %s is ignored, and reported', (_, one, problem) => {
  expect(checkWaivers([one], CONTEXT)).toEqual({ accepted: [], ignored: [{ offered: one, problem }] });
});

test('row 41: one rule is waived once, and with more rules than the policy allows none is', () => {
  const [a, b, again, c] = [signed(), signed({ rule: 'functions-explained' }), signed(), signed({ rule: 'claims-narrow' })] as const;
  expect(checkWaivers([a, b, again], CONTEXT)).toMatchObject({ accepted: [a, b], ignored: [{ offered: again, problem: 'TWICE' }] });
  const many = checkWaivers([a, b, c], CONTEXT);
  expect(many.accepted).toEqual([]);
  expect(many.ignored.map(({ problem }) => problem)).toEqual(['TOO_MANY', 'TOO_MANY', 'TOO_MANY']);
});

test.each([
  ['an older format', { format: 'stella-waiver/0' }],
  ['a rule with a star', { rule: '*' }],
  ['a digest in capitals', { candidateSha256: 'C'.repeat(64) }],
  ['an end before the start', { expiresAt: '2026-05-30T00:00:00.000Z' }],
  ['an empty reason', { reason: '' }],
  ['row 48: a reason that turns the line', { reason: 'a\u202eb' }],
  ['a member too many', { rules: ['a'] }],
  ['a tenant with a slash', { tenant: 'a/b' }],
])('%s is refused', (_, change) => {
  expect(checkWaiver(WAIVER)).toBe(WAIVER);
  expect(() => checkWaiver({ ...WAIVER, ...change })).toThrow(expect.objectContaining({ reason: 'WAIVER_INVALID' }));
});
