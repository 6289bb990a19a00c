import type { BuildFile, BuildIndex } from '../domain/build-index.js';
import type { MarketplaceFacts } from './ports.js';

export interface BuildAnswer {
  readonly buildId: string;
  /** Empty: no published pack that the tenant sees has the build. */
  readonly files: readonly BuildFile[];
}

/** Which published files have these build ids? Answers in the order asked. */
export class LookUpBuilds {
  constructor(
    private readonly index: BuildIndex,
    private readonly facts: MarketplaceFacts,
    private readonly nowNs: () => bigint,
  ) {}

  execute(tenant: string, buildIds: readonly string[]): readonly BuildAnswer[] {
    return buildIds.map((buildId) => {
      const start = this.nowNs();
      const files = this.index.find(buildId, tenant) ?? [];
      this.facts.lookedUp('grpc', files.length > 0, Number(this.nowNs() - start) / 1e9);
      return { buildId, files };
    });
  }
}
