import type { ReasonEntry } from '../reasons.js';

export const federation = {
} as const satisfies Record<string, ReasonEntry>;
