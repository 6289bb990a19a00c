import type { GateFacts } from '../../src/application/ports.js';

/** Nobody counts. */
export const NO_FACTS: GateFacts = {
  issued: async () => undefined,
  withdrawn: async () => undefined,
  reinstated: async () => undefined,
  denialTakenBack: async () => undefined,
  takenBack: () => undefined,
  stage: () => undefined,
  ended: () => undefined,
  begunAgain: () => undefined,
  answeredFromCache: () => undefined,
  evidence: () => undefined,
  unanswered: () => undefined,
  running: () => undefined,
  listed: () => undefined,
};
