import { canonicalize, parseStrictJson, sha256Hex, signStatement, type JsonValue, type Signer } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { CEDAR_SCHEMA, type Claim } from '@stella/policy';
import { encodeBundle, type Attachment } from './bundle/bundle.js';
import { summaryStatement } from './bundle/summary.js';
import { evaluate, type Evaluation, type Question } from './evaluate.js';
import { LIMITS } from './limits.js';
import { requestId } from './verdict/request-id.js';
import { verdictId, verdictStatement } from './verdict/verdict-statement.js';
import { VERDICT_FORMAT, type BaselineWord, type Verdict } from './verdict/verdict.js';

export interface Issue {
  readonly question: Question;
  readonly baselineWord: BaselineWord;
  /** At most `LIMITS.verdictValidMsMax` after the decision. */
  readonly validUntil: Date;
  readonly baselineLabel: string;
  readonly candidateLabel: string;
  /** Package URL or image reference. */
  readonly resourceUri: string;
  /** The signed policy, as it was published. */
  readonly policyEnvelope: Uint8Array;
  /** Copies of the issuer's own trust documents, for the reader's information: canonical JSON. */
  readonly trustCopies: { readonly trustRoot?: Uint8Array; readonly revocationList?: Uint8Array };
  /** Id of the verdict that this one takes the place of; empty: none. */
  readonly supersedes: string;
}

export interface IssuedVerdict {
  readonly verdict: Verdict;
  readonly id: string;
  readonly envelope: Uint8Array;
  /** Of an ALLOW only. */
  readonly vsa?: Uint8Array;
  readonly bundle: Uint8Array;
  readonly evaluation: Evaluation;
}

/** Names of attachments. */
export const ATTACHMENTS = { policy: 'policy', schema: 'schema', trustRoot: 'trust-root', revocationList: 'revocation-list' } as const;

/** Evaluates, states, signs and bundles. Errors: VERDICT_INVALID, BUNDLE_TOO_LARGE, VSA_INVALID (a resource without URI). */
export async function issueVerdict(issue: Issue, signer: Signer): Promise<IssuedVerdict> {
  const evaluation = evaluate(issue.question);
  const attachments = attachmentsOf(issue);
  const verdict = stateVerdict(issue, evaluation, attachments);
  const id = verdictId(verdict);
  const envelope = await signStatement(verdictStatement(verdict), signer);
  const vsa = verdict.outcome === 'ALLOW' ? await signStatement(summaryStatement(verdict, id), signer) : undefined;
  const kept = new Map(issue.question.evidence.map((item) => [sha256Hex(item.envelope), item]));
  const bundle = encodeBundle({
    verdict: envelope,
    vsas: vsa === undefined ? [] : [vsa],
    evidence: verdict.evidence.map(({ sha256 }) => kept.get(sha256) ?? missing(sha256)),
    waivers: keptWaivers(issue.question.waivers, verdict),
    attachments,
  });
  return { verdict, id, envelope, ...(vsa && { vsa }), bundle, evaluation };
}

function stateVerdict({ question, baselineWord, validUntil, baselineLabel, candidateLabel, resourceUri, supersedes }: Issue, evaluation: Evaluation, attachments: readonly Attachment[]): Verdict {
  const { tenant, baselineSha256, candidateSha256, claims, policy } = question;
  const { document, digest } = policy;
  return {
    format: VERDICT_FORMAT,
    tenant,
    verifierId: question.verifierId,
    requestId: requestId({ tenant, baselineSha256, candidateSha256, claims, policySha256: digest }),
    outcome: evaluation.decision.outcome,
    decidedAt: question.decidedAt.toISOString(),
    validUntil: validUntil.toISOString(),
    baseline: { sha256: baselineSha256, label: baselineLabel },
    candidate: { sha256: candidateSha256, label: candidateLabel, resourceUri },
    baselineBasis: question.baselineBasis,
    baselineWord,
    witnessesLeftOut: question.witnessesLeftOut,
    unanswered: [...new Set(question.unanswered)].sort(),
    requesterKeys: [...new Set(question.requesterKeys)].sort(),
    policy: { id: document.id, version: document.version, level: document.level, sha256: digest },
    trustRootSha256: question.trust.root.digest,
    unmetRules: evaluation.decision.unmetRules,
    errors: evaluation.decision.errors,
    facts: evaluation.facts,
    claims: evaluation.claims,
    unexplained: evaluation.unexplained,
    unexplainedCount: evaluation.unexplainedCount,
    waivers: evaluation.waivers,
    evidence: evaluation.evidence,
    refused: evaluation.refused,
    attachments: attachments.map(({ name, value }) => ({ name, sha256: sha256Hex(canonicalize(value)) })),
    log: question.log,
    supersedes,
  };
}

function attachmentsOf({ policyEnvelope, trustCopies }: Issue): readonly Attachment[] {
  const { trustRoot, revocationList } = trustCopies;
  const attachments: Attachment[] = [
    { name: ATTACHMENTS.policy, value: valueOf(policyEnvelope) },
    { name: ATTACHMENTS.schema, value: CEDAR_SCHEMA },
    ...(trustRoot === undefined ? [] : [{ name: ATTACHMENTS.trustRoot, value: valueOf(trustRoot) }]),
    ...(revocationList === undefined ? [] : [{ name: ATTACHMENTS.revocationList, value: valueOf(revocationList) }]),
  ];
  return attachments.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function valueOf(bytes: Uint8Array): JsonValue {
  return parseStrictJson(bytes, { sizeBytesMax: LIMITS.bundleBytesMax });
}

/** Envelopes of waivers in the order of their digests, each once; those that are not even envelopes are only listed. */
function keptWaivers(offered: readonly Uint8Array[], verdict: Verdict): readonly Uint8Array[] {
  const listed = new Set(listedWaivers(verdict));
  const byDigest = new Map(offered.map((envelope) => [sha256Hex(envelope), envelope]));
  return [...byDigest].filter(([digest]) => listed.has(digest)).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, envelope]) => envelope);
}

/** Digests of waivers that have to be in the bundle: those that count. */
export function listedWaivers({ waivers }: Verdict): readonly string[] {
  return waivers.accepted.map(({ evidence }) => evidence).sort();
}

function missing(sha256: string): never {
  throw new DomainError('VERDICT_INVALID', { at: 'evidence', problem: 'not among what was offered', sha256 });
}

/** The claims of a verdict, as they were made. */
export function claimsOf(verdict: Verdict): readonly Claim[] {
  return verdict.claims.map(({ claim }) => claim);
}
