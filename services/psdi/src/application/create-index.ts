import { DomainError } from '@stella/errors';
import { answerOnce } from './answer-once.js';
import type { Indexed, IndexArtifact } from './index-artifact.js';
import type { RequestRepository } from './ports.js';

export interface CreateIndexCommand {
  readonly tenant: string;
  readonly requestId: string;
  readonly artifactSha256: string;
}

export class CreateIndex {
  constructor(
    private readonly index: IndexArtifact,
    private readonly requests: RequestRepository,
  ) {}

  /** @throws DomainError REQUEST_ID_REUSED, and what `IndexArtifact` throws */
  async execute({ tenant, requestId, artifactSha256 }: CreateIndexCommand, signal: AbortSignal): Promise<Indexed> {
    let made: Indexed | undefined;
    const lifterSha256 = await answerOnce(this.requests, { tenant, requestId, content: { createIndex: { artifactSha256 } } }, async () => {
      made = await this.index.execute(tenant, artifactSha256, signal);
      return made.record.predicate.lifter.sha256;
    });
    if (made) return made;
    // The first answer, by whichever lifter it was.
    const record = await this.index.find(tenant, artifactSha256, lifterSha256);
    if (!record) throw new DomainError('INTERNAL', { artifactSha256, lifterSha256 });
    return { record, cached: true };
  }
}
