import type { ReasonEntry } from '../reason-entry.js';

export const federation = {
} as const satisfies Record<string, ReasonEntry>;
