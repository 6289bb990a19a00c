import { sha256Hex } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { checkEvidence, type EvidenceItem, type Trust } from '@stella/verdict';
import type { ReleaseQuestion, Report, Source } from '../domain/release.js';
import type { EvidenceLog, GateFacts } from './ports.js';

export interface LoggedEvidence {
  readonly items: readonly EvidenceItem[];
  readonly log: { readonly origin: string; readonly size: number };
}

const POLL_MS = 500;

/** Puts every piece of evidence into the own log, and takes what partners found about it. */
export class LogEvidence {
  constructor(
    private readonly log: EvidenceLog,
    private readonly facts: GateFacts,
    private readonly origin: string,
    private readonly clock: () => Date,
  ) {}

  async execute(question: ReleaseQuestion, envelopes: readonly Uint8Array[], partners: { readonly needed: number; readonly waitMs: number }, trust: Trust, report: Report, silent: Set<Source>, signal: AbortSignal): Promise<LoggedEvidence> {
    const { tenant } = question;
    const own = await Promise.all(envelopes.map((envelope) => this.#append(tenant, envelope, silent, signal)));
    report({ stage: 'log', message: `${own.filter(({ log }) => log !== undefined).length} of ${own.length} pieces of evidence are in the log`, done: own.length, total: own.length, cached: false });
    const foreign = await this.#partners(question, partners, trust, report, silent, signal);
    const items = [...own, ...(await Promise.all(foreign.map((envelope) => this.#append(tenant, envelope, silent, signal))))];
    const log = await this.#attempt('log', silent, () => this.log.state(signal));
    return { items, log: log ?? { origin: this.origin, size: 0 } };
  }

  /** Waits only for as many as the policy needs; whoever the trust root does not list is shown, and does not count. */
  async #partners({ tenant, candidate }: ReleaseQuestion, { needed, waitMs }: { readonly needed: number; readonly waitMs: number }, trust: Trust, report: Report, silent: Set<Source>, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const until = this.clock().getTime() + waitMs;
    for (;;) {
      const found = await this.#attempt('partners', silent, () => this.log.crossVerifications(tenant, candidate.sha256, signal));
      const byDigest = new Map((found?.envelopes ?? []).map((envelope) => [sha256Hex(envelope), envelope]));
      const trusted = [...byDigest.values()].filter((envelope) => checkEvidence({ envelope }, trust, this.clock()).ok);
      const isEnough = trusted.length >= needed || this.clock().getTime() >= until || signal.aborted;
      if (isEnough) {
        const message = found === undefined ? 'the federation does not answer' : `${trusted.length} by partners, ${found.sameOperator} by nodes of the same operator`;
        report({ stage: 'cross-verify', message, done: trusted.length, total: needed, cached: false });
        return trusted;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #append(tenant: string, envelope: Uint8Array, silent: Set<Source>, signal: AbortSignal): Promise<EvidenceItem> {
    return (await this.#attempt('log', silent, () => this.log.append(tenant, envelope, signal))) ?? { envelope };
  }

  async #attempt<T>(part: Source, silent: Set<Source>, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isDomainError(error) || error.reason === 'CANCELLED') throw error;
      silent.add(part);
      this.facts.couldNotCollect(part, error);
      return undefined;
    }
  }
}
