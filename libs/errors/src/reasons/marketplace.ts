import type { ReasonEntry } from '../reason-entry.js';

export const marketplace = {
} as const satisfies Record<string, ReasonEntry>;
