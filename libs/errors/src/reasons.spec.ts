import { DomainError, isDomainError, type Reason, REASONS } from './index.js';

test.each(Object.entries(REASONS))('%s says what happened and what to do next', (reason, entry) => {
  expect(reason).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
  for (const sentence of [entry.says, entry.next]) {
    expect(sentence.length).toBeGreaterThan(5);
    expect(sentence).not.toMatch(/[.!]$|^[A-Z][a-z]+ is /);
  }
  const error = new DomainError(reason as Reason, { fact: 'x' });
  expect(error).toMatchObject({ reason, kind: entry.kind, next: entry.next, message: entry.says, facts: { fact: 'x' } });
});

test('an error of ours is known by class and reason', () => {
  const error = new DomainError('BLOB_NOT_FOUND', {}, { cause: new Error('inside') });
  expect(isDomainError(error)).toBe(true);
  expect(isDomainError(error, 'BLOB_TOO_LARGE')).toBe(false);
  expect(isDomainError(new Error('BLOB_NOT_FOUND'))).toBe(false);
  expect(error.cause).toBeInstanceOf(Error);
});
