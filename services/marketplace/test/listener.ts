import { PackPublished } from '@stella/contracts/stella/marketplace/v1alpha/events';
import type { StellaService } from '@stella/platform-runtime';

export interface Heard {
  readonly tenant: string;
  readonly message: PackPublished;
}

/** A service that hears of packs, as those do that act on them. */
export function listener(heard: Heard[]): StellaService {
  return {
    name: 'listener',
    grpc: {},
    wire({ events }) {
      events.subscribe({ topic: 'stella.marketplace.pack-published.v1alpha' }, { commit: async ({ tenant, payload }) => void heard.push({ tenant, message: PackPublished.decode(payload) }) });
      return { controllers: [], providers: [] };
    },
  };
}
