import { claimResults, decide, deriveFacts, describeUnexplained, summariseWitnesses, type Claim, type Decision, type Facts, type PolicySet } from '@stella/policy';
import { baselineFromEvidence, witnessesLeftOut } from './evidence/baseline-evidence.js';
import { checkEvidence, type Trust } from './evidence/check-evidence.js';
import { crossVerifications, DISAGREES } from './evidence/cross-verification.js';
import { deltaFromEvidence } from './evidence/delta-evidence.js';
import type { CheckedEvidence, EvidenceItem } from './evidence/evidence-item.js';
import { logInclusion } from './evidence/log-inclusion.js';
import { waiversFromEvidence } from './evidence/waiver-evidence.js';
import { witnessesFromEvidence } from './evidence/witness-evidence.js';
import { LIMITS } from './limits.js';
import { withdrawalFromEvidence } from './evidence/withdrawal-evidence.js';
import type { BaselineBasis, EvidenceRef, RefusedEvidence, Source, StatedChange, StatedClaim, StatedWaivers } from './verdict/verdict.js';

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
  /** Witnesses of the releases before that were not replayed. */
  readonly witnessesLeftOut: number;
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

/** A piece of evidence that speaks against the candidate, whoever asks and whatever he claims. */
export interface Refutation {
  /** Digest of the envelope. */
  readonly evidence: string;
  /** The witness that fails on the candidate; undefined: a partner found another delta than the proof says. */
  readonly witness?: string;
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
  readonly refutations: readonly Refutation[];
  /** Fingerprints of the keys that the evidence and its log proofs are signed with, sorted: without one of them it counts no more. */
  readonly signers: readonly string[];
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
  const logged = logInclusion(checked, question.log, trust, decidedAt);
  const withdrawn = withdrawalFromEvidence(checked, question);
  const baseline = baselineFromEvidence(checked, question);
  const incidents = claims.flatMap((claim) => (claim.kind === 'fixes_incident' ? [claim.incident] : []));
  const summary = summariseWitnesses(witnesses.results, { baselineSha256, candidateSha256 }, incidents);
  const results = claimResults(claims, delta.delta?.view, delta.delta?.coverage, summary.incidents);
  const answered = (source: Source): boolean => !question.unanswered.includes(source);
  const allRefused = mergeRefused([
    ...question.refusedBefore, ...refused, ...delta.refused, ...witnesses.refused, ...cross.refused, ...logged.refused, ...withdrawn.refused,
    ...summary.refused.map((sha256) => ({ sha256, problem: 'RUNS_NOT_DISTINCT' })),
  ]);
  const all = checked.map(({ ref }) => ref.sha256).sort();
  const facts = deriveFacts({
    ...(delta.delta && answered('delta') && { delta: delta.delta }),
    ...(answered('witness') && { witnesses: summary }),
    claims: results,
    baseline,
    leftOut: witnessesLeftOut(checked, question, baseline),
    withdrawn,
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
    refutations: [
      ...witnesses.results.filter(({ outcome, artifactSha256 }) => outcome === 'reproduced' && artifactSha256 === candidateSha256).map(({ evidence, witness }) => ({ evidence, witness })),
      ...cross.refused.filter(({ problem }) => problem === DISAGREES).map(({ sha256 }) => ({ evidence: sha256 })),
    ],
    signers: [...new Set([...checked.map(({ keyFingerprint }) => keyFingerprint), ...logged.keys])].sort(),
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

function mergeRefused(all: readonly RefusedEvidence[]): readonly RefusedEvidence[] {
  const first = new Map<string, RefusedEvidence>();
  for (const one of all) if (!first.has(one.sha256)) first.set(one.sha256, one);
  return [...first.values()].sort((a, b) => compare(a.sha256, b.sha256));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

