import { PackPublished } from '@stella/contracts/stella/marketplace/v1alpha/events';
import type { EventHandler } from '@stella/platform-events';
import type { IndexPack } from '../application/index-pack.js';
import type { PackFileOutcome, PackRepository, PsdiFacts } from '../application/ports.js';

/** `pack-published`: its programs are indexed before anybody asks. */
export function packPublished(index: IndexPack, packs: PackRepository, facts: PsdiFacts, clock: () => Date): EventHandler<PackFileOutcome[]> {
  return {
    prepare: ({ tenant, payload }, signal) => {
      const { pack, files } = PackPublished.decode(payload);
      return index.execute({ tenant, pack, fileSha256s: files.map(({ sha256 }) => sha256) }, signal);
    },
    commit: async ({ tenant, payload, time }, tx, outcomes) => {
      const { pack } = PackPublished.decode(payload);
      await packs.save(tx, tenant, pack, outcomes);
      facts.packIndexed(tx, tenant, pack, outcomes, Math.max(0, clock().getTime() - time.getTime()) / 1_000);
    },
  };
}
