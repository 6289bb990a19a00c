import type { ReasonEntry } from './reason-entry.js';
import { attestation } from './reasons/attestation.js';
import { cli } from './reasons/cli.js';
import { csfg } from './reasons/csfg.js';
import { delta } from './reasons/delta.js';
import { federation } from './reasons/federation.js';
import { gate } from './reasons/gate.js';
import { marketplace } from './reasons/marketplace.js';
import { lifter, native } from './reasons/native.js';
import { platform } from './reasons/platform.js';
import { replay } from './reasons/replay.js';

/** The one catalogue of reasons; what goes on the wire as google.rpc.ErrorInfo.reason. */
export const REASONS = {
  ...attestation,
  ...cli,
  ...csfg,
  ...delta,
  ...federation,
  ...gate,
  ...lifter,
  ...marketplace,
  ...native,
  ...platform,
  ...replay,
} satisfies Record<string, ReasonEntry>;

/** Reasons that are about the file that was lifted, read or identified. */
export const LIFTER_REASONS = lifter;

export type Reason = keyof typeof REASONS;
