import { DomainError } from '@stella/errors';
import { Unanswered } from '../domain/collected.js';
import { askedDigest, requestOf } from '../domain/release.js';
import type { VerdictRecord } from '../domain/verdict-record.js';
import { limits } from '../limits.js';
import type { Asking } from './asking.js';
import type { PolicyInForce } from './policies.js';
import type { GateFacts } from './ports.js';
import type { EvaluationRepository, Transactions, VerdictRepository } from './repositories.js';
import type { RunEvaluation } from './run-evaluation.js';

export interface Concluded {
  readonly record: VerdictRecord;
  /** It was issued for an evaluation that began later. */
  readonly isAnothers: boolean;
}

const SAID = {
  overtaken: 'an evaluation that began later has decided otherwise than this one could know',
  revocations: 'something was taken back meanwhile',
  withdrawal: 'the candidate was withdrawn or reinstated meanwhile',
  refutation: 'something that speaks against the candidate came to be known meanwhile',
  verdict: 'another verdict about the candidate was issued meanwhile',
} as const;

/**
 * Evaluates until a verdict stands. One that was overtaken by an evaluation of the same question that began later does not
 * take its place: whoever asked is handed that verdict, if it considered all that this one did, because it answers his
 * question by what is newest; else it begins again, as the newest, so that nothing that it found is lost. It begins again,
 * too, when what it rests on changed while it ran.
 */
export class ConcludeEvaluation {
  constructor(
    private readonly run: RunEvaluation,
    private readonly verdicts: VerdictRepository,
    private readonly evaluations: EvaluationRepository,
    private readonly transactions: Transactions,
    private readonly facts: GateFacts,
  ) {}

  /** @throws DomainError as `RunEvaluation`; EVALUATION_FAILED when that goes on and on */
  async execute(asking: Omit<Asking, 'unanswered' | 'round'>, policy: PolicyInForce): Promise<Concluded> {
    const { evaluationId, question } = asking;
    let { began } = asking;
    for (let round = 1; ; round += 1) {
      const { kept, considered } = await this.run.execute({ ...asking, began, round, unanswered: new Unanswered() }, policy);
      if (kept.kind === 'kept') {
        const { record } = kept;
        asking.report({ stage: 'sign', message: `${record.verdict.outcome} for ${question.candidate.label}`, done: 1, total: 1, cached: false });
        return { record, isAnothers: false };
      }
      const later = kept.kind === 'overtaken' ? await this.#laterAnswer(asking, policy, kept.by, considered) : undefined;
      if (later) return { record: later, isAnothers: true };
      const why = kept.kind === 'overtaken' ? 'overtaken' : kept.by;
      if (round >= limits.roundsMax) throw new DomainError('EVALUATION_FAILED', { problem: SAID[why], rounds: String(round) });
      this.facts.begunAgain(why);
      asking.report({ stage: 'decide', message: `once more: ${SAID[why]}`, done: 0, total: 1, cached: false });
      began = await this.evaluations.beginAgain(evaluationId);
    }
  }

  async #laterAnswer({ question, evaluationId, report }: Omit<Asking, 'unanswered' | 'round'>, { set }: PolicyInForce, id: string, considered: readonly string[]): Promise<VerdictRecord | undefined> {
    const asked = { requestDigest: requestOf(question, set.digest), askedSha256: askedDigest(question) };
    const record = await this.verdicts.ifItCovers(question.tenant, id, asked, considered);
    if (!record) return undefined;
    await this.transactions.tx((tx) => this.evaluations.done(tx, evaluationId, id));
    report({ stage: 'sign', message: `${record.verdict.outcome} by an evaluation that began later`, done: 1, total: 1, cached: true });
    return record;
  }
}
