import type { Outcome } from '@stella/policy';
import type { Tx } from '@stella/platform-database';
import { type TakenBack, takenBack } from '../domain/succession.js';
import { isWhole, type VerdictRecord, type VerdictScope } from '../domain/verdict-record.js';
import type { Asking } from './asking.js';
import type { Disturbance, GateFacts } from './ports.js';
import type { Before, EvaluationRepository, RevocationRepository, SignedList, StandingRepository, Transactions, WithdrawalRepository, WitnessMemory } from './repositories.js';

/** What a verdict was decided on, and must still be so when it is kept. */
export interface DecidedOn {
  readonly before: Before;
  readonly revocations: SignedList;
  readonly withdrawalSequence: number;
}

export type Kept =
  | { readonly kind: 'kept'; readonly record: VerdictRecord }
  /** A verdict to the same question whose evaluation began later is there. */
  | { readonly kind: 'overtaken'; readonly by: string }
  /** What it rests on has changed: nothing was kept. */
  | { readonly kind: 'disturbed'; readonly by: Disturbance };

const BETTER: Readonly<Record<Outcome, readonly Outcome[]>> = { ALLOW: [], REVIEW: ['ALLOW'], DENY: ['ALLOW', 'REVIEW'] };

/**
 * Makes a verdict visible, with all that follows from it for others, in one transaction; one at a time for each tenant, over
 * all processes. What it was decided on is looked at again first, so that nothing that came meanwhile is overlooked and no
 * evaluation takes the place of one that began later.
 */
export class KeepVerdict {
  constructor(
    private readonly verdicts: { add(tx: Tx, record: VerdictRecord, scope: VerdictScope): Promise<void> },
    private readonly standing: StandingRepository,
    private readonly revocations: RevocationRepository,
    private readonly withdrawals: WithdrawalRepository,
    private readonly memory: WitnessMemory,
    private readonly evaluations: EvaluationRepository,
    private readonly transactions: Transactions,
    private readonly facts: GateFacts,
  ) {}

  execute({ evaluationId, signal }: Asking, record: VerdictRecord, scope: VerdictScope, on: DecidedOn): Promise<Kept> {
    return this.transactions.tx(async (tx) => {
      if (signal.aborted) throw signal.reason;
      await this.standing.lock(tx, record.tenant);
      const disturbed = await this.#disturbance(tx, record, scope, on);
      if (disturbed) return disturbed;
      // Before it is there itself.
      const takesBack = await this.#takeBack(tx, record, scope);
      if (isWhole(record.verdict)) await this.standing.follow(tx, scope.place, record.id);
      await this.verdicts.add(tx, record, scope);
      await this.#remember(tx, record, scope);
      await this.evaluations.done(tx, evaluationId, record.id);
      await this.facts.issued(tx, record, takesBack);
      return { kind: 'kept', record };
    });
  }

  async #disturbance(tx: Tx, { tenant, verdict }: VerdictRecord, scope: VerdictScope, on: DecidedOn): Promise<Kept | undefined> {
    const before = await this.standing.before(scope.place, tx);
    if (before.overtakenBy !== undefined) return { kind: 'overtaken', by: before.overtakenBy };
    const isSame = before.predecessor === on.before.predecessor && before.lastIssuedAt?.getTime() === on.before.lastIssuedAt?.getTime();
    if (!isSame) return { kind: 'disturbed', by: 'verdict' };
    if (!(await this.revocations.isWhole(tenant, on.revocations, tx))) return { kind: 'disturbed', by: 'revocations' };
    if ((await this.withdrawals.sequence(tx, tenant, scope.place.candidateSha256)) !== on.withdrawalSequence) return { kind: 'disturbed', by: 'withdrawal' };
    if (verdict.outcome !== 'DENY' && (await this.memory.overlooks(tx, scope))) return { kind: 'disturbed', by: 'refutation' };
    return undefined;
  }

  /** As `takenBack` says; then whatever rests on what fell. */
  async #takeBack(tx: Tx, { id, tenant, verdict, issuedAt: at }: VerdictRecord, { place, refutations }: VerdictScope): Promise<TakenBack> {
    const evidence = refutations.map((one) => one.evidence);
    const what = takenBack(
      { outcome: verdict.outcome, isWhole: isWhole(verdict) },
      { toSameQuestion: await this.standing.outcomesInForce(tx, place), isRefuted: await this.standing.hasAcceptedWithout(tx, tenant, place.candidateSha256, evidence) },
    );
    if (what === 'nothing') return what;
    const word = what === 'candidate' ? 'refuted' : 'superseded';
    const which = what === 'candidate' ? ({ kind: what, tenant, candidateSha256: place.candidateSha256 } as const) : ({ kind: what, place, outcomes: BETTER[verdict.outcome] } as const);
    await this.revocations.add(tx, tenant, { kind: what, id: what === 'candidate' ? place.candidateSha256 : place.question, reason: word, at });
    const fallen = await this.standing.takeBack(tx, which, { word, note: `by verdicts/${id}`, at, by: id });
    const resting = await this.standing.takeBack(tx, { kind: 'resting-on', tenant, ids: fallen }, { word: 'unfounded', note: `by verdicts/${id}`, at, by: '' });
    this.facts.takenBack(tx, word, fallen.length);
    this.facts.takenBack(tx, 'unfounded', resting.length);
    return what;
  }

  #remember(tx: Tx, { id, issuedAt }: VerdictRecord, { place, refutations, deltaPayloadSha256 }: VerdictScope): Promise<void> {
    const found = refutations.map(({ evidence, witness }) => ({ evidence, ...(witness !== undefined && { witness: `witnesses/${witness}` }), payloadSha256: witness === undefined ? (deltaPayloadSha256 ?? '') : '' }));
    return this.memory.remember(tx, place, id, found, issuedAt);
  }
}
