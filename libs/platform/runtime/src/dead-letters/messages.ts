import { type DeadLetter, DeadLetterState } from '@stella/contracts/stella/events/v1alpha/dead_letters';
import { REASONS } from '@stella/errors';
import { parseTraceparent } from '@stella/platform-telemetry';
import type { Found } from './dead-letters.js';

const PARENT = 'services/';
const COLLECTION = '/deadLetters/';
const STATES = { dead: DeadLetterState.DEAD_LETTER_STATE_DEAD, waiting: DeadLetterState.DEAD_LETTER_STATE_WAITING, done: DeadLetterState.DEAD_LETTER_STATE_DONE } as const;

export function toDeadLetter(service: string, { letter, isDeliverable }: Found): DeadLetter {
  const { event, payload } = letter;
  return {
    name: `${PARENT}${service}${COLLECTION}${letter.id}`,
    state: STATES[letter.state],
    consumer: letter.consumer,
    eventType: event.topic,
    eventId: event.id,
    source: event.source,
    key: event.key,
    eventTime: event.time,
    ...whyOf(letter.error),
    attempts: letter.attempts,
    firstFailureTime: letter.firstFailedAt,
    lastFailureTime: letter.lastFailedAt,
    redeliveryCount: letter.redeliveries,
    traceId: parseTraceparent(event.traceparent)?.traceId ?? '',
    payloadSizeBytes: BigInt(payload.sizeBytes),
    payloadSha256: payload.sha256,
    deliverable: isDeliverable,
  };
}

/** What a typed error says was made for callers; of any other, as of every unexpected error on the wire, only that it was. */
function whyOf(error: string): { reason: string; error: string } {
  const [, reason] = /^([A-Z][A-Z0-9_]*): /.exec(error) ?? [];
  if (error === '') return { reason: '', error: '' };
  return reason !== undefined && reason !== 'INTERNAL' && Object.hasOwn(REASONS, reason) ? { reason, error } : { reason: 'INTERNAL', error: '' };
}

/** Of a name that has the form that the proto asks for. */
export function serviceOf(parent: string): string {
  return parent.slice(PARENT.length);
}

export function placeOf(name: string): { service: string; id: string } {
  const [service = '', id = ''] = name.slice(PARENT.length).split(COLLECTION);
  return { service, id };
}
