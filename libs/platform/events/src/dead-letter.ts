import { createHash, randomUUID } from 'node:crypto';
import type { DomainError } from '@stella/errors';
import { isDomainError } from '@stella/errors';
import { toHeaders } from './cloud-event.js';
import type { Event } from './event-bus.js';
import { ERROR_CHARS_MAX } from './limits.js';

/** An event that was given up. `id` names it for `redeliver`. */
export interface DeadLetter {
  readonly id: string;
  /** The group whose handler gave it up, or `relay`: the carrier refused to take it. */
  readonly consumer: string;
  readonly event: Event;
  readonly attempts: number;
  readonly error: string;
  readonly diedAt: Date;
}

/** Dead letters that were removed since nobody took them in time. */
export interface ForgottenLetters {
  readonly consumer: string;
  readonly topic: string;
  readonly count: number;
}

/** Why and where something was given up. */
export interface Death {
  readonly consumer: string;
  readonly error: unknown;
  /** 0: it never got as far as a handler. */
  readonly attempts: number;
  readonly at: Date;
}

/** What is sent to a dead-letter topic. */
export interface DeadLetterCopy {
  /** The same death gives the same id, where it may be told twice. */
  readonly id: string;
  readonly topic: string;
  readonly tenant: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
}

export const deadLetterTopic = (topic: string): string => `${topic}.dlq`;

/** The event as it was, with headers that say why it was given up. */
export function copyOfEvent(event: Event, death: Death): DeadLetterCopy {
  const { tenant, key, payload } = event;
  return { id: randomUUID(), topic: deadLetterTopic(event.topic), tenant, key, payload, headers: { ...toHeaders(event), ...deathHeaders(death) } };
}

export function deathHeaders({ consumer, error, attempts, at }: Death): Record<string, string> {
  return {
    'stella-dead-reason': isDomainError(error) ? error.reason : 'INTERNAL',
    'stella-dead-error': describe(error),
    'stella-dead-consumer': consumer,
    'stella-dead-attempts': String(attempts),
    'stella-dead-time': at.toISOString(),
  };
}

/** A UUID (version 8, RFC 9562) made of a text. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** For a column or a header: short, and without NUL, which PostgreSQL's text does not hold. */
export function describe(error: unknown): string {
  const text = isDomainError(error) ? describeReason(error) : error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll('\0', '').slice(0, ERROR_CHARS_MAX);
}

function describeReason({ reason, message, facts }: DomainError): string {
  return `${reason}: ${message} ${JSON.stringify(facts)}`;
}
