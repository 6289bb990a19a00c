import { parseEnvelope, sha256Hex, signStatement, type Revocation, type TrustedKey, type Signer } from '@stella/attestation';
import { loadPolicySet, parseClaim, policyDigest, presetDocument, type PolicyDocument, type PresetName } from '@stella/policy';
import { issueVerdict, policyStatement, type EvidenceItem, type IssuedVerdict, type Issue, type Question, VERDICT_LIMITS, type VerifyOptions } from '../../src/index.js';
import { KEYS, LOG_ORIGIN, NOW, PAIRS, rootEnvelope, rootOf, revocationEnvelope, revocationsOf, VERIFIER } from './keys.js';
import { logged } from './log.js';
import { BASELINE, CANDIDATE, deltaEnvelopes, resultEnvelope, witnessEnvelope } from './release.js';

export const RESOURCE = 'pkg:npm/app@1.0.1';
export const DECIDED = new Date(NOW.getTime() - 60_000);

export function preset(name: PresetName): PolicyDocument {
  return presetDocument(name, { version: 1, issuedAt: new Date('2026-01-01T00:00:00.000Z'), expiresAt: new Date('2027-01-01T00:00:00.000Z') });
}

/** Envelopes of a release whose fix is shown and whose change is claimed. */
export async function soundEvidence(): Promise<Uint8Array[]> {
  const { oldIndex, newIndex, proof, scope } = await deltaEnvelopes();
  return [oldIndex, newIndex, proof, scope, await witnessEnvelope(), await resultEnvelope('baseline', 'expected-failure'), await resultEnvelope('candidate', 'passed')];
}

export const SOUND_CLAIMS = ['fixes incident app-7', 'changes parser.(*parser).parse'];

export interface WorldOptions {
  readonly keys?: readonly TrustedKey[];
  readonly revocations?: readonly Revocation[];
  readonly document?: PolicyDocument;
  readonly claims?: readonly string[];
  readonly envelopes?: readonly Uint8Array[];
  readonly items?: readonly EvidenceItem[];
  readonly logSize?: number;
  readonly waivers?: readonly Uint8Array[];
  readonly question?: Partial<Question>;
  readonly issue?: Partial<Issue>;
  readonly signer?: Signer;
  readonly policySigner?: Signer;
  /** Without copies of trust documents the file is smaller. */
  readonly bare?: boolean;
}

export interface World {
  readonly issued: IssuedVerdict;
  readonly options: VerifyOptions;
  readonly issue: Issue;
}

/** A verdict with its bundle, and what its verifier believes. */
export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const root = await rootOf(options.keys ?? KEYS);
  const revocations = await revocationsOf(root, options.revocations);
  const document = options.document ?? preset('fast-patch');
  const log = options.items === undefined ? await logged(options.envelopes ?? (await soundEvidence())) : { items: options.items, size: options.logSize ?? 0 };
  const question: Question = {
    tenant: 'acme',
    verifierId: VERIFIER,
    organisation: 'acme',
    baselineSha256: BASELINE,
    candidateSha256: CANDIDATE,
    baselineBasis: 'runs',
    unanswered: [],
    witnessesLeftOut: 0,
    claims: (options.claims ?? SOUND_CLAIMS).map(parseClaim),
    requesterKeys: [],
    policy: loadPolicySet(document),
    evidence: log.items,
    waivers: options.waivers ?? [],
    refusedBefore: [],
    log: { origin: LOG_ORIGIN, size: options.logSize ?? log.size },
    trust: { root, revocations: await revocationsOf(root) },
    decidedAt: DECIDED,
    ...options.question,
  };
  const issue: Issue = {
    question,
    baselineLabel: 'app@1.0.0',
    candidateLabel: 'app@1.0.1',
    resourceUri: RESOURCE,
    policyEnvelope: await signStatement(policyStatement(document), options.policySigner ?? PAIRS.policy),
    trustCopies: options.bare === true ? {} : { trustRoot: await rootEnvelope(), revocationList: await revocationEnvelope() },
    supersedes: '',
    baselineWord: 'runs',
    validUntil: new Date(question.decidedAt.getTime() + VERDICT_LIMITS.verdictValidMsMax),
    ...options.issue,
  };
  const issued = await issueVerdict(issue, options.signer ?? PAIRS.gate);
  return { issued, issue, options: { root, revocations: { list: revocations }, subjects: [CANDIDATE], policySha256: policyDigest(document), now: NOW } };
}

export function payloadDigest(envelope: Uint8Array): string {
  return sha256Hex(parseEnvelope(envelope).payload);
}
