import type { ReasonEntry } from '../reasons.js';

export const csfg = {
} as const satisfies Record<string, ReasonEntry>;
