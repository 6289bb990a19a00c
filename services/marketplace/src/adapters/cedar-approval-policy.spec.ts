import { passed, REQUIRED_CHECKS } from '../domain/finding.js';
import { CedarApprovalPolicy } from './cedar-approval-policy.js';

const policy = new CedarApprovalPolicy([{ tenant: 'acme', namespaceId: 'demo' }]);
const pack = { tenant: 'acme', namespaceId: 'demo', visibility: 'public', kind: 'symbols' as const };
const findings = REQUIRED_CHECKS.map((check) => passed(check));

test('lets trusted publishers go live, and nobody else', () => {
  expect(policy.mayPublish(pack, findings)).toBe(true);
  expect(policy.mayPublish({ ...pack, tenant: 'other' }, findings)).toBe(false);
  expect(policy.mayPublish({ ...pack, namespaceId: 'demo2' }, findings)).toBe(false);
  expect(new CedarApprovalPolicy([]).mayPublish(pack, findings)).toBe(false);
});

test('trust replaces no check', () => {
  expect(policy.mayPublish(pack, findings.slice(1))).toBe(false);
  expect(policy.mayPublish(pack, [...findings, { check: 'formats', state: 'error', reason: 'X', detail: '' }])).toBe(false);
  expect(policy.mayPublish({ ...pack, visibility: 'plan:gold' }, findings)).toBe(false);
  // A name that would end a text in a policy language.
  expect(policy.mayPublish({ ...pack, tenant: 'acme","demo' }, findings)).toBe(false);
});
