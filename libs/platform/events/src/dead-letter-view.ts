import { createHash } from 'node:crypto';
import type { Event } from './event-bus.js';

/** `dead`: nothing happens until it is redelivered; `waiting` and `done`: it was. */
export type DeadLetterState = 'dead' | 'waiting' | 'done';

/** What is known of an event that was given up at least once, without its payload. */
export interface DeadLetterView {
  readonly id: string;
  readonly state: DeadLetterState;
  /** The group whose handler gave it up, or `relay`: the carrier refused to take it. */
  readonly consumer: string;
  readonly event: Omit<Event, 'payload'>;
  /** Lower-case hexadecimal; of no bytes once it is done with, when payloads are not kept. */
  readonly payload: { readonly sizeBytes: number; readonly sha256: string };
  /** Since it was last handed out. */
  readonly attempts: number;
  /** As `describe` made it. */
  readonly error: string;
  /** Undefined: it was given up before failures were noted. */
  readonly firstFailedAt: Date | undefined;
  readonly lastFailedAt: Date | undefined;
  readonly redeliveries: number;
}

/** One dead letter; the bytes where they are asked for, fit, and are still kept. */
export interface WholeDeadLetter extends DeadLetterView {
  readonly bytes: Uint8Array | undefined;
}

/** A page of a tenant's dead letters, the oldest first. */
export interface DeadLetterQuery {
  readonly tenant: string;
  readonly topic?: string | undefined;
  /** The id of the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export function measure(payload: Uint8Array): { sizeBytes: number; sha256: string } {
  return { sizeBytes: payload.length, sha256: createHash('sha256').update(payload).digest('hex') };
}

/** The columns that tell of a payload without carrying it. */
export const PAYLOAD_MEASURES = `octet_length(payload) AS size_bytes, encode(sha256(payload), 'hex') AS sha256`;
