import { ObjectReader, type JsonValue, type Statement } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { checkClaims } from '@stella/policy';
import { LIMITS } from '../limits.js';
import { inToday } from './earlier-format.js';
import {
  digest, DIGEST, emptyOrDigest, invalid, readArtifact, readAttachment, readCandidate, readChange, readClaim, readEvidence, readFacts, readLog, readPolicy, readRefused, readRule, readSource, readWaivers, requireSorted, requireValidity, text,
} from './read-members.js';
import { BASELINE_WORDS, SOURCES, VERDICT_FORMAT, type Verdict } from './verdict.js';

/** Errors: VERDICT_INVALID with `at` and `problem`. The statement's predicate type is the caller's to check. */
export function readVerdict(statement: Statement): Verdict {
  try {
    const verdict = read(inToday(statement.predicate));
    const [subject, ...others] = statement.subjects;
    if (subject?.sha256 !== verdict.candidate.sha256 || others.length > 0) invalid('subject', 'not the candidate alone');
    return verdict;
  } catch (error) {
    if (!isDomainError(error) || error.reason === 'VERDICT_INVALID') throw error;
    throw new DomainError('VERDICT_INVALID', { problem: error.reason, ...error.facts }, { cause: error });
  }
}

const TENANT = { lengthMax: 128, pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/ };
const OUTCOMES = ['ALLOW', 'REVIEW', 'DENY'] as const;
const BASES = ['runs', 'verdict', 'seed', 'unknown'] as const;

function read(value: JsonValue): Verdict {
  const reader = ObjectReader.of(value, 'verdict');
  const verdict: Verdict = {
    format: reader.word('format', [VERDICT_FORMAT]),
    tenant: reader.text('tenant', TENANT),
    verifierId: reader.text('verifierId', { lengthMax: 500 }),
    requestId: reader.text('requestId', DIGEST),
    outcome: reader.word('outcome', OUTCOMES),
    decidedAt: reader.time('decidedAt').toISOString(),
    validUntil: reader.time('validUntil').toISOString(),
    baseline: readArtifact(reader.nested('baseline')),
    candidate: readCandidate(reader.nested('candidate')),
    baselineBasis: reader.word('baselineBasis', BASES),
    baselineWord: reader.word('baselineWord', BASELINE_WORDS),
    witnessesLeftOut: reader.integer('witnessesLeftOut', 0),
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
  requireValidity(verdict);
  requireSorted('evidence', verdict.evidence.map(({ sha256 }) => sha256));
  requireSorted('refused', verdict.refused.map(({ sha256 }) => sha256));
  requireSorted('attachments', verdict.attachments.map(({ name }) => name));
  requireSorted('unanswered', verdict.unanswered);
  requireSorted('requesterKeys', verdict.requesterKeys);
  checkClaims(verdict.claims.map(({ claim }) => claim));
  return verdict;
}

