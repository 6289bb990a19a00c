import type { ReasonEntry } from './reason-entry.js';
import { attestation } from './reasons/attestation.js';
import { cli } from './reasons/cli.js';
import { csfg } from './reasons/csfg.js';
import { delta } from './reasons/delta.js';
import { federation } from './reasons/federation.js';
import { gate } from './reasons/gate.js';
import { marketplace } from './reasons/marketplace.js';
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
  ...marketplace,
  ...platform,
  ...replay,
} satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof REASONS;
