import { DomainError } from '@stella/errors';
import fc from 'fast-check';
import { isSilence, Unanswered } from './collected.js';
import { askedDigest, releaseSide, type ReleaseQuestion, resourceUriOf } from './release.js';
import { stepId } from './step-id.js';

test('a step id is a UUID, its own for every step of every evaluation, and the same each time', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.string(), fc.string(), (id, one, other) => {
      expect(stepId(id, one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(stepId(id, one) === stepId(id, other)).toBe(one === other);
    }),
  );
});

test('what is asked for in other words is another question', () => {
  const side = { sha256: 'a'.repeat(64), label: 'one' };
  const question: ReleaseQuestion = { tenant: 'acme', baseline: side, candidate: { ...side, resourceUri: 'pkg:npm/app@1' }, claims: [], policyId: 'standard', baselineWord: 'nobody', fresh: false };
  const changes: Partial<ReleaseQuestion>[] = [{ baseline: { ...side, label: 'two' } }, { candidate: { ...question.candidate, label: 'two' } }, { candidate: { ...question.candidate, resourceUri: 'pkg:npm/app@2' } }, { baselineWord: 'runs' }];
  const digests = [question, ...changes.map((change) => ({ ...question, ...change }))].map(askedDigest);
  expect(new Set(digests).size).toBe(digests.length);
  expect(askedDigest({ ...question, fresh: true })).toBe(digests[0]);
});

test('an artifact without name or address is called by its digest', () => {
  const sha256 = 'a'.repeat(64);
  expect(releaseSide('baseline', sha256, '')).toEqual({ sha256, label: `sha256:${sha256}` });
  expect(resourceUriOf(sha256, '')).toBe(`pkg:generic/artifact?checksum=sha256:${sha256}`);
  for (const uri of ['app', 'pkg:npm/app with space', 'HTTP:x', `pkg:${'a'.repeat(600)}`]) expect(() => resourceUriOf(sha256, uri)).toThrow(expect.objectContaining({ reason: 'REQUEST_INVALID' }));
});

test('silence is what says nothing about the release', () => {
  for (const reason of ['UNAVAILABLE', 'REMOTE_FAILED', 'PERMISSION_DENIED', 'LOG_BUSY', 'REPLAY_QUOTA_SPENT', 'DEADLINE_EXCEEDED'] as const) expect([reason, isSilence(new DomainError(reason))]).toEqual([reason, true]);
  for (const reason of ['ARTIFACT_NOT_FOUND', 'INCIDENT_NOT_FOUND', 'EVALUATION_FAILED'] as const) expect([reason, isSilence(new DomainError(reason))]).toEqual([reason, false]);
  expect(isSilence(new TypeError('a defect'))).toBe(true);
});

test('without a word about changes and about incidents there is nothing to decide', () => {
  const unanswered = new Unanswered();
  unanswered.add('witness', 'UNAVAILABLE');
  unanswered.add('log', 'LOG_BUSY');
  unanswered.requireSomething();
  unanswered.add('delta', 'REMOTE_FAILED');
  expect(unanswered.sources).toEqual(['delta', 'log', 'witness']);
  expect(() => unanswered.requireSomething()).toThrow(expect.objectContaining({ reason: 'EVIDENCE_UNAVAILABLE', facts: { delta: 'REMOTE_FAILED', witness: 'UNAVAILABLE' } }));
});
