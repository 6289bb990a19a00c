import type { ReasonEntry } from '../reasons.js';

export const replay = {
} as const satisfies Record<string, ReasonEntry>;
