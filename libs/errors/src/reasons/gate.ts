import type { ReasonEntry } from '../reasons.js';

export const gate = {
} as const satisfies Record<string, ReasonEntry>;
