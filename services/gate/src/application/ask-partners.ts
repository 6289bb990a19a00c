import { setTimeout as delay } from 'node:timers/promises';
import { parseEnvelope, parseStatement, sha256Hex, trustedKey, verifyEnvelope, IN_TOTO_PAYLOAD_TYPE, type TrustRoot } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { PolicySet } from '@stella/policy';
import { checkEvidence, readCrossVerification, type Trust } from '@stella/verdict';
import { limits } from '../limits.js';
import { type Asking, callOf, unlessSilent } from './asking.js';
import type { EvidenceLog, FoundCheck, GateFacts } from './ports.js';

export interface PartnerChecks {
  /** Of signers that the trust root lists; whoever it does not list says nothing here. */
  readonly envelopes: readonly Uint8Array[];
  /** Digests of all that was looked at. */
  readonly seen: readonly string[];
}

interface Wait {
  readonly waitMs: number;
  readonly pollMs?: number;
}

/** How many partners a policy wants to have looked; 0 where no rule of it speaks of them. */
export function partnersNeeded({ rules, document }: PolicySet): number {
  const asks = [...rules.values()].some(({ use }) => use.facts.includes('cross_verifications_independent'));
  return asks ? document.limits.cross_verifications_min : 0;
}

/** What others found about the delta proof: waits for as many as the policy needs, and takes what there is, refutations first of all. */
export class AskPartners {
  constructor(
    private readonly log: EvidenceLog,
    private readonly facts: GateFacts,
    private readonly wait: Wait,
  ) {}

  async execute(asking: Asking, proof: Uint8Array, needed: number, trust: Trust, ownOrganisation: string, at: Date): Promise<PartnerChecks> {
    const payloadSha256 = sha256Hex(parseEnvelope(proof).payload);
    const call = callOf(asking, 'partners');
    const pollMs = this.wait.pollMs ?? limits.partnerPollMs;
    return (
      (await unlessSilent('partners', asking, this.facts, async () => {
        for (let leftMs = this.wait.waitMs; ; leftMs -= pollMs) {
          const found = await this.log.checksOf(call, payloadSha256);
          const listed = found.filter(({ envelope }) => checkEvidence({ envelope }, trust, at).ok);
          const agreeing = agreeingOrganisations(listed, payloadSha256, trust.root, ownOrganisation).size;
          const isEnough = agreeing >= needed;
          const sameOperator = found.filter((one) => one.sameOperator).length;
          asking.report({ stage: 'cross-verify', message: `${agreeing} partners agree, ${sameOperator} checks by the same operator`, done: Math.min(agreeing, needed), total: needed, cached: false });
          if (isEnough || leftMs <= 0) {
            this.facts.evidence('cross-verification', 'reused', listed.length);
            return { envelopes: listed.map(({ envelope }) => envelope), seen: found.map(({ envelope }) => sha256Hex(envelope)) };
          }
          await delay(Math.min(pollMs, leftMs), undefined, { signal: asking.signal });
        }
      })) ?? { envelopes: [], seen: [] }
    );
  }
}

/** Whether it is worth waiting longer; what counts in the end, and with which keys, the evaluation says. */
function agreeingOrganisations(listed: readonly FoundCheck[], payloadSha256: string, root: TrustRoot, ownOrganisation: string): ReadonlySet<string> {
  const organisations = new Set<string>();
  for (const { envelope } of listed) {
    const organisation = agreeingOrganisation(envelope, payloadSha256, root);
    if (organisation !== undefined && organisation !== ownOrganisation) organisations.add(organisation);
  }
  return organisations;
}

function agreeingOrganisation(envelope: Uint8Array, expected: string, root: TrustRoot): string | undefined {
  try {
    const { payload, key } = verifyEnvelope(envelope, root.keys.map(({ publicKey }) => publicKey), { payloadType: IN_TOTO_PAYLOAD_TYPE });
    const { payloadSha256, result, how, relation } = readCrossVerification(parseStatement(payload).predicate);
    const agrees = payloadSha256 === expected && result === 'agrees' && how !== 'proof-check' && relation === 'partner';
    return agrees ? trustedKey(root, key.fingerprint)?.organisation : undefined;
  } catch (error) {
    if (isDomainError(error)) return undefined;
    throw error;
  }
}
