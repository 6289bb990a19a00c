import { isJsonObject, ObjectReader, SHA256_HEX, type JsonValue } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { checkFacts, claimFromJson, type Facts, type UnmetRule } from '@stella/policy';
import { LIMITS } from '../limits.js';
import { SOURCES, type EvidenceRef, type RefusedEvidence, type ReleaseArtifact, type Source, type StatedChange, type StatedClaim, type StatedWaivers, type Verdict } from './verdict.js';

export const DIGEST = { lengthMax: 64, pattern: SHA256_HEX };
const DIGEST_OR_NONE = /^(?:[0-9a-f]{64})?$/;
const WORD = { lengthMax: 128, pattern: /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/ };
const CLAIM_STATES = ['proved', 'refuted', 'unproved'] as const;

export function invalid(at: string, problem: string): never {
  throw new DomainError('VERDICT_INVALID', { at, problem });
}

export function readSource(value: JsonValue, at: string): Source {
  return SOURCES.find((source) => source === value) ?? invalid(at, 'unknown source');
}

export function readArtifact(reader: ObjectReader): ReleaseArtifact {
  const artifact = { sha256: reader.text('sha256', DIGEST), label: reader.text('label', { lengthMax: LIMITS.labelLengthMax }) };
  reader.end();
  return artifact;
}

export function readCandidate(reader: ObjectReader): Verdict['candidate'] {
  const resourceUri = reader.text('resourceUri', { lengthMax: LIMITS.resourceUriLengthMax });
  return { resourceUri, ...readArtifact(reader) };
}

export function readPolicy(reader: ObjectReader): Verdict['policy'] {
  const policy = {
    id: reader.text('id', WORD),
    version: reader.integer('version', 1),
    level: reader.text('level', WORD),
    sha256: reader.text('sha256', DIGEST),
  };
  reader.end();
  return policy;
}

export function readLog(reader: ObjectReader): Verdict['log'] {
  const origin = reader.value('origin');
  if (typeof origin !== 'string' || origin.length > 200) invalid('log.origin', 'text expected');
  const log = { origin, size: reader.integer('size', 0) };
  reader.end();
  return log;
}

export function readRule(value: JsonValue, at: string): UnmetRule {
  const reader = ObjectReader.of(value, at);
  const rule = {
    id: reader.text('id', WORD),
    reason: reader.text('reason', { lengthMax: 512 }),
    remedy: reader.text('remedy', { lengthMax: 512 }),
    bars: reader.word('bars', ['release', 'both']),
  };
  reader.end();
  return rule;
}

export function readFacts(value: JsonValue): Facts {
  if (!isJsonObject(value)) invalid('facts', 'object expected');
  // Facts of Cedar's context; their digests are of evidence that the verdict lists.
  return checkFacts({ ...value });
}

export function readClaim(value: JsonValue, at: string): StatedClaim {
  const reader = ObjectReader.of(value, at);
  const stated = {
    claim: claimFromJson(reader.value('claim')),
    state: reader.word('state', CLAIM_STATES),
    detail: reader.text('detail', WORD),
    breadthPpm: reader.integer('breadthPpm', 0, 1_000_000),
    units: reader.integer('units', 0),
  };
  reader.end();
  return stated;
}

export function readChange(value: JsonValue, at: string): StatedChange {
  const reader = ObjectReader.of(value, at);
  const member = (name: string): string => {
    const found = reader.value(name);
    return typeof found === 'string' && found.length <= 65_536 ? found : invalid(`${at}.${name}`, 'text expected');
  };
  const change = { unitId: member('unitId'), kind: member('kind'), displayName: member('displayName'), change: member('change'), why: member('why') };
  reader.end();
  return change;
}

export function readWaivers(reader: ObjectReader): StatedWaivers {
  const list = { min: 0, max: 100 };
  const waivers = {
    accepted: reader.list('accepted', list, (value, at) => {
      const one = ObjectReader.of(value, at);
      const waiver = { rule: one.text('rule', WORD), evidence: one.text('evidence', DIGEST), expiresAt: one.time('expiresAt').toISOString() };
      one.end();
      return waiver;
    }),
    ignored: reader.list('ignored', list, (value, at) => {
      const one = ObjectReader.of(value, at);
      const waiver = { evidence: one.text('evidence', DIGEST), problem: one.text('problem', WORD) };
      one.end();
      return waiver;
    }),
  };
  reader.end();
  return waivers;
}

export function readEvidence(value: JsonValue, at: string): EvidenceRef {
  const reader = ObjectReader.of(value, at);
  const ref = {
    sha256: reader.text('sha256', DIGEST),
    payloadSha256: reader.text('payloadSha256', DIGEST),
    predicateType: reader.text('predicateType', { lengthMax: 500 }),
    logProofSha256: emptyOrDigest(reader.value('logProofSha256'), `${at}.logProofSha256`),
  };
  reader.end();
  return ref;
}

export function readRefused(value: JsonValue, at: string): RefusedEvidence {
  const reader = ObjectReader.of(value, at);
  const refused = { sha256: reader.text('sha256', DIGEST), problem: reader.text('problem', WORD) };
  reader.end();
  return refused;
}

export function readAttachment(value: JsonValue, at: string): Verdict['attachments'][number] {
  const reader = ObjectReader.of(value, at);
  const attachment = { name: reader.text('name', WORD), sha256: reader.text('sha256', DIGEST) };
  reader.end();
  return attachment;
}

export function digest(value: JsonValue, at: string): string {
  return typeof value === 'string' && SHA256_HEX.test(value) ? value : invalid(at, 'digest expected');
}

export function emptyOrDigest(value: JsonValue, at: string): string {
  return typeof value === 'string' && DIGEST_OR_NONE.test(value) ? value : invalid(at, 'digest or nothing expected');
}

export function text(lengthMax: number) {
  return (value: JsonValue, at: string): string => (typeof value === 'string' && value.length <= lengthMax ? value : invalid(at, 'text expected'));
}

/** Lists of revocations forget what ended, so no verdict may say that it lasts longer than they remember. */
export function requireValidity({ decidedAt, validUntil }: Pick<Verdict, 'decidedAt' | 'validUntil'>): void {
  const lastsMs = Date.parse(validUntil) - Date.parse(decidedAt);
  if (lastsMs <= 0 || lastsMs > LIMITS.verdictValidMsMax) invalid('validUntil', 'after the decision, and not longer than a verdict lasts');
}

export function requireSorted(at: string, values: readonly string[]): void {
  if (values.some((value, index) => index > 0 && value <= (values[index - 1] ?? ''))) invalid(at, 'not sorted, or listed twice');
}
