import { limits } from '../limits.js';
import type { EvaluationRepository, NewsRepository } from './repositories.js';

/** What is no evidence: progress of evaluations, and news so old that no verdict in force can rest on what was before them. */
export class ForgetOld {
  constructor(
    private readonly news: Pick<NewsRepository, 'forgetBefore'>,
    private readonly evaluations: Pick<EvaluationRepository, 'forgetBefore'>,
    private readonly evaluationsKeptMs: number,
    private readonly clock: () => Date,
  ) {}

  async execute(): Promise<void> {
    const nowMs = this.clock().getTime();
    await this.news.forgetBefore(new Date(nowMs - limits.newsKeptMs));
    await this.evaluations.forgetBefore(new Date(nowMs - this.evaluationsKeptMs));
  }
}
