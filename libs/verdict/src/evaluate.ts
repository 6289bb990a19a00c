import { PREDICATE_TYPES, trustedKey } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { claimResults, decide, deriveFacts, describeUnexplained, summariseWitnesses, type Claim, type Decision, type Facts, type PolicySet } from '@stella/policy';
import { checkEvidence, type Trust } from './evidence/check-evidence.js';
import { crossVerifications } from './evidence/cross-verification.js';
import { deltaFromEvidence } from './evidence/delta-evidence.js';
import type { CheckedEvidence, EvidenceItem } from './evidence/evidence-item.js';
import { logInclusion } from './evidence/log-inclusion.js';
import { waiversFromEvidence } from './evidence/waiver-evidence.js';
import { witnessesFromEvidence } from './evidence/witness-evidence.js';
import { LIMITS } from './limits.js';
import { readVerdict, type BaselineBasis, type Source, type EvidenceRef, type RefusedEvidence, type StatedChange, type StatedClaim, type StatedWaivers } from './verdict-statement.js';

/** All that a decision rests on. */
export interface Question {
  readonly tenant: string;
  readonly verifierId: string;
  /** The tenant's organisation in the trust root: what it signed itself is proved, what others signed is attested. */
  readonly organisation: string;
  readonly baselineSha256: string;
  readonly candidateSha256: string;
  readonly baselineBasis: BaselineBasis;
  /** Nothing that depends on these is known, whatever part of their evidence is there. */
  readonly unanswered: readonly Source[];
  readonly claims: readonly Claim[];
  readonly requesterKeys: readonly string[];
  readonly policy: PolicySet;
  readonly evidence: readonly EvidenceItem[];
  readonly waivers: readonly Uint8Array[];
  /** Evidence that could not even be kept: refused before, by digest. */
  readonly refusedBefore: readonly RefusedEvidence[];
  readonly log: { readonly origin: string; readonly size: number };
  readonly trust: Trust;
  readonly decidedAt: Date;
}

export interface Evaluation {
  readonly facts: Facts;
  readonly claims: readonly StatedClaim[];
  /** The first ones; the count is of all. */
  readonly unexplained: readonly StatedChange[];
  readonly unexplainedCount: number;
  readonly waivers: StatedWaivers;
  readonly decision: Decision;
  /** Evidence that passed its own checks, sorted by digest; some of it may be refused for what it says. */
  readonly evidence: readonly EvidenceRef[];
  readonly refused: readonly RefusedEvidence[];
}

/**
 * The decision about a release from its evidence: what the gate does before it signs, and what a verifier does again. A
 * function of its input alone.
 */
export function evaluate(question: Question): Evaluation {
  const { checked, refused } = checkAll(question);
  const { candidateSha256, baselineSha256, claims, organisation, tenant, trust, decidedAt } = question;
  const delta = deltaFromEvidence(checked, { baselineSha256, candidateSha256 }, claims, organisation);
  const witnesses = witnessesFromEvidence(checked, tenant, organisation);
  const cross = crossVerifications(checked, organisation, keysOf(question));
  const logged = logInclusion(checked, question.log, trust.root, decidedAt);
  const incidents = claims.flatMap((claim) => (claim.kind === 'fixes_incident' ? [claim.incident] : []));
  const summary = summariseWitnesses(witnesses.results, { baselineSha256, candidateSha256 }, incidents);
  const results = claimResults(claims, delta.delta?.view, delta.delta?.coverage, summary.incidents);
  const answered = (source: Source): boolean => !question.unanswered.includes(source);
  const allRefused = mergeRefused([
    ...question.refusedBefore, ...refused, ...delta.refused, ...witnesses.refused, ...cross.refused, ...logged.refused,
    ...summary.refused.map((sha256) => ({ sha256, problem: 'RUNS_NOT_DISTINCT' })),
  ]);
  const all = checked.map(({ ref }) => ref.sha256).sort();
  const facts = deriveFacts({
    ...(delta.delta && answered('delta') && { delta: delta.delta }),
    ...(answered('witness') && { witnesses: summary }),
    claims: results,
    baseline: baselineOf(question, checked),
    refusedEvidence: allRefused.map(({ sha256 }) => sha256),
    ...(answered('log') && { log: { included: logged.included, evidence: all.slice(0, LIMITS.evidenceMax) } }),
    ...(answered('partners') && { crossVerifications: { independent: cross.independent, evidence: cross.evidence } }),
  });
  const waivers = waiversFromEvidence(question.waivers, trust, { tenant, candidateSha256, policy: question.policy, requesterKeys: question.requesterKeys, at: decidedAt });
  const unexplained = delta.delta?.coverage.unexplained ?? [];
  return {
    facts,
    claims: results,
    unexplained: unexplained.slice(0, LIMITS.unexplainedListedMax).map(describeUnexplained),
    unexplainedCount: unexplained.length,
    waivers,
    decision: decide(question.policy, { tenant, candidateSha256 }, facts, waivers.accepted.map(({ rule }) => rule)),
    evidence: checked.map(({ ref }) => ref).sort((a, b) => compare(a.sha256, b.sha256)),
    refused: allRefused,
  };
}

function checkAll({ evidence, trust, decidedAt }: Question): { readonly checked: readonly CheckedEvidence[]; readonly refused: readonly RefusedEvidence[] } {
  const checked = new Map<string, CheckedEvidence>();
  const refused: RefusedEvidence[] = [];
  for (const item of evidence) {
    const result = checkEvidence(item, trust, decidedAt);
    if (result.ok) checked.set(result.evidence.ref.sha256, result.evidence);
    else refused.push(result.refused);
  }
  return { checked: [...checked.values()].sort((a, b) => compare(a.ref.sha256, b.ref.sha256)), refused };
}

function keysOf({ trust, organisation }: Question): ReadonlySet<string> {
  return new Set(trust.root.keys.filter((key) => key.organisation === organisation).map(({ publicKey }) => publicKey.fingerprint));
}

/** `verdict` and `seed` have to be shown: an ALLOW about the baseline by the same verifier, or a witness recorded on it. */
function baselineOf(question: Question, checked: readonly CheckedEvidence[]): { basis: BaselineBasis; evidence: readonly string[] } {
  const basis = question.baselineBasis;
  if (basis === 'runs' || basis === 'unknown') return { basis, evidence: [] };
  const found = checked.find((one) => (basis === 'verdict' ? allowsBaseline(one, question) : isRecordedOn(one, question)));
  return found === undefined ? { basis: 'unknown', evidence: [] } : { basis, evidence: [found.ref.sha256] };
}

function isRecordedOn({ ref, subjects, organisation }: CheckedEvidence, question: Question): boolean {
  const isOurWitness = ref.predicateType === PREDICATE_TYPES.microWitness && organisation === question.organisation;
  return isOurWitness && subjects.length === 1 && subjects[0]?.sha256 === question.baselineSha256;
}

function allowsBaseline(one: CheckedEvidence, { baselineSha256, verifierId, tenant, trust }: Question): boolean {
  if (one.ref.predicateType !== PREDICATE_TYPES.verdict) return false;
  try {
    const subjects = one.subjects.map(({ sha256 }) => ({ name: 'baseline', sha256 }));
    const verdict = readVerdict({ subjects, predicateType: one.ref.predicateType, predicate: one.predicate });
    const signer = trustedKey(trust.root, one.keyFingerprint);
    return verdict.outcome === 'ALLOW' && verdict.candidate.sha256 === baselineSha256 && verdict.verifierId === verifierId && verdict.tenant === tenant && signer?.verifierId === verifierId;
  } catch (error) {
    if (isDomainError(error)) return false;
    throw error;
  }
}

function mergeRefused(all: readonly RefusedEvidence[]): readonly RefusedEvidence[] {
  const first = new Map<string, RefusedEvidence>();
  for (const one of all) if (!first.has(one.sha256)) first.set(one.sha256, one);
  return [...first.values()].sort((a, b) => compare(a.sha256, b.sha256));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

