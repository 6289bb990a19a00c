import type { ReasonEntry } from '../reasons.js';

export const attestation = {
} as const satisfies Record<string, ReasonEntry>;
