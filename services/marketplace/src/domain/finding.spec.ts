import { conclusionOf, type Finding, passed, REQUIRED_CHECKS } from './finding.js';

const all = REQUIRED_CHECKS.map((check) => passed(check));

test('a pack passes only when every required check says so', () => {
  expect(conclusionOf(all)).toBe('passed');
  expect(conclusionOf([...all, { check: 'malware', state: 'not-run', reason: '', detail: '' }])).toBe('passed');
  expect(conclusionOf([])).toBe('unchecked');
});

test.each(REQUIRED_CHECKS)('a %s that is missing, not run or in error keeps the pack from going live', (check) => {
  const others = all.filter((finding) => finding.check !== check);
  expect(conclusionOf(others)).toBe('unchecked');
  const with_ = (state: Finding['state']) => conclusionOf([...others, { check, state, reason: 'X', detail: '' }]);
  expect([with_('not-run'), with_('error'), with_('failed')]).toEqual(['unchecked', 'unchecked', 'failed']);
  // One pass beside one error is no pass.
  expect(conclusionOf([...all, { check, state: 'error', reason: 'X', detail: '' }])).toBe('unchecked');
});
