import type { ReasonEntry } from '../reasons.js';

export const delta = {
} as const satisfies Record<string, ReasonEntry>;
