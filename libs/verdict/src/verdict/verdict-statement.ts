import { buildStatement, isJsonObject, ObjectReader, parseStatement, PREDICATE_TYPES, SHA256_HEX, sha256Hex, type JsonValue, type Statement, type StatementInput } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { checkFacts, claimFromJson, checkClaims, type Claim, type ClaimState, type Facts, type Outcome, type UnmetRule } from '@stella/policy';
import { LIMITS } from './limits.js';

export interface ReleaseArtifact {
  readonly sha256: string;
  /** What it is called; proves nothing. */
  readonly label: string;
}

export type BaselineBasis = 'runs' | 'verdict' | 'seed' | 'unknown';

/** Who is asked for evidence: the delta index, the replays, the log, and the partners. */
export const SOURCES = ['delta', 'log', 'partners', 'witness'] as const;
export type Source = (typeof SOURCES)[number];

/** A piece of evidence that was seen, whatever it says. */
export interface EvidenceRef {
  /** SHA-256 of the envelope's bytes. */
  readonly sha256: string;
  /** SHA-256 of the signed payload: its identity in logs and revocation lists. */
  readonly payloadSha256: string;
  readonly predicateType: string;
  /** SHA-256 of its offline log proof; empty when it was not logged. */
  readonly logProofSha256: string;
}

export interface RefusedEvidence {
  readonly sha256: string;
  /** A word for the check that failed. */
  readonly problem: string;
}

export interface StatedClaim {
  readonly claim: Claim;
  readonly state: ClaimState;
  readonly detail: string;
  readonly breadthPpm: number;
  readonly units: number;
}

export interface StatedChange {
  readonly unitId: string;
  readonly kind: string;
  readonly displayName: string;
  readonly change: string;
  readonly why: string;
}

export interface StatedWaivers {
  readonly accepted: readonly { readonly rule: string; readonly evidence: string; readonly expiresAt: string }[];
  readonly ignored: readonly { readonly evidence: string; readonly problem: string }[];
}

/** Predicate of a verdict statement; its one subject is the candidate. Lists have one order, so a verdict has one id. */
export interface Verdict {
  readonly format: 'stella-verdict/1';
  readonly tenant: string;
  readonly verifierId: string;
  readonly requestId: string;
  readonly outcome: Outcome;
  readonly decidedAt: string;
  readonly baseline: ReleaseArtifact;
  readonly candidate: ReleaseArtifact & { readonly resourceUri: string };
  /** How the caller says to know the baseline; `verdict` counts only with that verdict among the evidence. */
  readonly baselineBasis: BaselineBasis;
  /** Who did not answer, or not to the end; what they would have said is unknown. Sorted. */
  readonly unanswered: readonly Source[];
  /** Fingerprints of the keys of who asked. */
  readonly requesterKeys: readonly string[];
  readonly policy: { readonly id: string; readonly version: number; readonly level: string; readonly sha256: string };
  readonly trustRootSha256: string;
  readonly unmetRules: readonly UnmetRule[];
  readonly errors: readonly string[];
  readonly facts: Facts;
  readonly claims: readonly StatedClaim[];
  readonly unexplained: readonly StatedChange[];
  readonly unexplainedCount: number;
  readonly waivers: StatedWaivers;
  readonly evidence: readonly EvidenceRef[];
  readonly refused: readonly RefusedEvidence[];
  /** SHA-256 of what travels beside the evidence, by name: policy, and the issuer's own trust documents. */
  readonly attachments: readonly { readonly name: string; readonly sha256: string }[];
  readonly log: { readonly origin: string; readonly size: number };
  /** Id of the verdict that this one takes the place of; empty: none. */
  readonly supersedes: string;
}

/** The statement of a verdict; sign it with `signStatement`. Errors: VERDICT_INVALID for what would not read back. */
export function verdictStatement(verdict: Verdict): StatementInput {
  const { sha256, label } = verdict.candidate;
  const input = { subjects: [{ name: label, sha256 }], predicateType: PREDICATE_TYPES.verdict, predicate: verdict };
  readVerdict(parseStatement(buildStatement(input)));
  return input;
}

/** SHA-256 of the statement's bytes. */
export function verdictId(verdict: Verdict): string {
  return sha256Hex(buildStatement(verdictStatement(verdict)));
}

/** Errors: VERDICT_INVALID with `at` and `problem`. The statement's predicate type is the caller's to check. */
export function readVerdict(statement: Statement): Verdict {
  try {
    const verdict = read(statement.predicate);
    const [subject, ...others] = statement.subjects;
    if (subject?.sha256 !== verdict.candidate.sha256 || others.length > 0) invalid('subject', 'not the candidate alone');
    return verdict;
  } catch (error) {
    if (!isDomainError(error) || error.reason === 'VERDICT_INVALID') throw error;
    throw new DomainError('VERDICT_INVALID', { problem: error.reason, ...error.facts }, { cause: error });
  }
}

const DIGEST = { lengthMax: 64, pattern: SHA256_HEX };
const DIGEST_OR_NONE = /^(?:[0-9a-f]{64})?$/;
const TENANT = { lengthMax: 128, pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/ };
const WORD = { lengthMax: 128, pattern: /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/ };
const OUTCOMES = ['ALLOW', 'REVIEW', 'DENY'] as const;
const BASES = ['runs', 'verdict', 'seed', 'unknown'] as const;
const CLAIM_STATES = ['proved', 'refuted', 'unproved'] as const;

function invalid(at: string, problem: string): never {
  throw new DomainError('VERDICT_INVALID', { at, problem });
}

function read(value: JsonValue): Verdict {
  const reader = ObjectReader.of(value, 'verdict');
  const verdict: Verdict = {
    format: reader.word('format', ['stella-verdict/1']),
    tenant: reader.text('tenant', TENANT),
    verifierId: reader.text('verifierId', { lengthMax: 500 }),
    requestId: reader.text('requestId', DIGEST),
    outcome: reader.word('outcome', OUTCOMES),
    decidedAt: reader.time('decidedAt').toISOString(),
    baseline: readArtifact(reader.nested('baseline')),
    candidate: readCandidate(reader.nested('candidate')),
    baselineBasis: reader.word('baselineBasis', BASES),
    unanswered: reader.list('unanswered', { min: 0, max: SOURCES.length }, readSource),
    requesterKeys: reader.list('requesterKeys', { min: 0, max: 16 }, (key, at) => digest(key, at)),
    policy: readPolicy(reader.nested('policy')),
    trustRootSha256: reader.text('trustRootSha256', DIGEST),
    unmetRules: reader.list('unmetRules', { min: 0, max: 1_000 }, readRule),
    errors: reader.list('errors', { min: 0, max: 1_000 }, text(256)),
    facts: readFacts(reader.value('facts')),
    claims: reader.list('claims', { min: 0, max: 100 }, readClaim),
    unexplained: reader.list('unexplained', { min: 0, max: LIMITS.unexplainedListedMax }, readChange),
    unexplainedCount: reader.integer('unexplainedCount', 0),
    waivers: readWaivers(reader.nested('waivers')),
    evidence: reader.list('evidence', { min: 0, max: LIMITS.evidenceMax }, readEvidence),
    refused: reader.list('refused', { min: 0, max: LIMITS.evidenceMax }, readRefused),
    attachments: reader.list('attachments', { min: 0, max: LIMITS.attachmentsMax }, readAttachment),
    log: readLog(reader.nested('log')),
    supersedes: emptyOrDigest(reader.value('supersedes'), 'supersedes'),
  };
  reader.end();
  requireSorted('evidence', verdict.evidence.map(({ sha256 }) => sha256));
  requireSorted('refused', verdict.refused.map(({ sha256 }) => sha256));
  requireSorted('attachments', verdict.attachments.map(({ name }) => name));
  requireSorted('unanswered', verdict.unanswered);
  requireSorted('requesterKeys', verdict.requesterKeys);
  checkClaims(verdict.claims.map(({ claim }) => claim));
  return verdict;
}

function readSource(value: JsonValue, at: string): Source {
  return SOURCES.find((source) => source === value) ?? invalid(at, 'unknown source');
}

function readArtifact(reader: ObjectReader): ReleaseArtifact {
  const artifact = { sha256: reader.text('sha256', DIGEST), label: reader.text('label', { lengthMax: LIMITS.labelLengthMax }) };
  reader.end();
  return artifact;
}

function readCandidate(reader: ObjectReader): Verdict['candidate'] {
  const resourceUri = reader.text('resourceUri', { lengthMax: LIMITS.resourceUriLengthMax });
  return { resourceUri, ...readArtifact(reader) };
}

function readPolicy(reader: ObjectReader): Verdict['policy'] {
  const policy = {
    id: reader.text('id', WORD),
    version: reader.integer('version', 1),
    level: reader.text('level', WORD),
    sha256: reader.text('sha256', DIGEST),
  };
  reader.end();
  return policy;
}

function readLog(reader: ObjectReader): Verdict['log'] {
  const origin = reader.value('origin');
  if (typeof origin !== 'string' || origin.length > 200) invalid('log.origin', 'text expected');
  const log = { origin, size: reader.integer('size', 0) };
  reader.end();
  return log;
}

function readRule(value: JsonValue, at: string): UnmetRule {
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

function readFacts(value: JsonValue): Facts {
  if (!isJsonObject(value)) invalid('facts', 'object expected');
  // Facts of Cedar's context; their digests are of evidence that the verdict lists.
  return checkFacts({ ...value });
}

function readClaim(value: JsonValue, at: string): StatedClaim {
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

function readChange(value: JsonValue, at: string): StatedChange {
  const reader = ObjectReader.of(value, at);
  const member = (name: string): string => {
    const found = reader.value(name);
    return typeof found === 'string' && found.length <= 65_536 ? found : invalid(`${at}.${name}`, 'text expected');
  };
  const change = { unitId: member('unitId'), kind: member('kind'), displayName: member('displayName'), change: member('change'), why: member('why') };
  reader.end();
  return change;
}

function readWaivers(reader: ObjectReader): StatedWaivers {
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

function readEvidence(value: JsonValue, at: string): EvidenceRef {
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

function readRefused(value: JsonValue, at: string): RefusedEvidence {
  const reader = ObjectReader.of(value, at);
  const refused = { sha256: reader.text('sha256', DIGEST), problem: reader.text('problem', WORD) };
  reader.end();
  return refused;
}

function readAttachment(value: JsonValue, at: string): Verdict['attachments'][number] {
  const reader = ObjectReader.of(value, at);
  const attachment = { name: reader.text('name', WORD), sha256: reader.text('sha256', DIGEST) };
  reader.end();
  return attachment;
}

function digest(value: JsonValue, at: string): string {
  return typeof value === 'string' && SHA256_HEX.test(value) ? value : invalid(at, 'digest expected');
}

function emptyOrDigest(value: JsonValue, at: string): string {
  return typeof value === 'string' && DIGEST_OR_NONE.test(value) ? value : invalid(at, 'digest or nothing expected');
}

function text(lengthMax: number) {
  return (value: JsonValue, at: string): string => (typeof value === 'string' && value.length <= lengthMax ? value : invalid(at, 'text expected'));
}

function requireSorted(at: string, values: readonly string[]): void {
  if (values.some((value, index) => index > 0 && value <= (values[index - 1] ?? ''))) invalid(at, 'not sorted, or listed twice');
}
