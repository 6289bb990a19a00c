import type { ReasonEntry } from '../reasons.js';

export const marketplace = {
} as const satisfies Record<string, ReasonEntry>;
