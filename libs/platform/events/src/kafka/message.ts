import { DomainError } from '@stella/errors';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { fromHeaders, toHeaders } from '../cloud-event.js';
import { deadLetterTopic, type DeadLetterCopy, type Death, deathHeaders, uuidOf } from '../dead-letter.js';
import type { Event } from '../event-bus.js';
import { KEY_BYTES_MAX, PAYLOAD_BYTES_MAX, TENANT_CHARS_MAX } from '../limits.js';
import type { OutgoingEvent } from '../outbox.js';
import { HEADERS_BYTES_MAX, HEADERS_MAX } from './limits.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Where a message was found. */
export interface Place {
  /** As the services name it, without the installation's prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/**
 * Without a timestamp of its own, so that it gets that of its sending: an event that had to wait for long would else be
 * due for deletion at once.
 */
export function toMessage(event: OutgoingEvent): Message {
  return { key: event.key, value: Buffer.from(event.payload), headers: { ...(event.headers ?? toHeaders(event)) } };
}

/** @throws DomainError EVENT_INVALID, EVENT_TOO_LARGE for what is no event of the topic. */
export function fromMessage(topic: string, { key, value, headers }: KafkaMessage): Event {
  if (value === null) throw new DomainError('EVENT_INVALID', { attribute: 'payload' });
  const event = fromHeaders(textHeaders(headers ?? {}), value);
  if (event.topic !== topic) throw new DomainError('EVENT_INVALID', { attribute: 'ce_type' });
  // Another key has another partition: the order of the aggregate would be nobody's.
  if (key === null || !Buffer.from(event.key).equals(key)) throw new DomainError('EVENT_INVALID', { attribute: 'key' });
  return event;
}

/** What could not be taken as an event, as far as a row and a message hold it; the rest is still where it was found. */
export function copyOfMessage(message: KafkaMessage, place: Place, death: Death): DeadLetterCopy {
  const where = `${place.topic}/${place.partition}/${place.offset}`;
  const payload = message.value ?? Buffer.alloc(0);
  const isWhole = payload.length <= PAYLOAD_BYTES_MAX;
  const headers = keptHeaders(message.headers ?? {});
  return {
    id: uuidOf(`${death.consumer} ${where}`),
    topic: deadLetterTopic(place.topic),
    tenant: (headers['ce_stellatenant'] ?? '').slice(0, TENANT_CHARS_MAX),
    key: keptKey(message.key) ?? where,
    payload: isWhole ? payload : Buffer.alloc(0),
    headers: { ...headers, ...deathHeaders(death), 'stella-dead-place': where, ...(isWhole ? {} : { 'stella-dead-payload-bytes': String(payload.length) }) },
  };
}

/** @throws DomainError EVENT_INVALID for an attribute that stands there twice or is no UTF-8. */
function textHeaders(headers: IHeaders): Record<string, string | undefined> {
  const isOurs = (name: string) => name.startsWith('ce_') || name === 'content-type' || name === 'traceparent';
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOurs(name)).map(([name, value]) => [name, textOf(name, value)]));
}

function textOf(name: string, value: IHeaders[string]): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (Array.isArray(value)) throw new DomainError('EVENT_INVALID', { attribute: name }, { message: 'the header stands there more than once' });
  try {
    return UTF8.decode(value);
  } catch {
    throw new DomainError('EVENT_INVALID', { attribute: name }, { message: 'the header is no UTF-8' });
  }
}

/** As text, whatever it was; as many as have room. */
function keptHeaders(headers: IHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers).slice(0, HEADERS_MAX)) {
    const text = [value ?? ''].flat().map((each) => storable(each.toString())).join(', ');
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
    if (bytes > HEADERS_BYTES_MAX) break;
    kept[storable(name)] = text;
  }
  return kept;
}

function keptKey(key: Buffer | null): string | undefined {
  const text = storable((key ?? '').toString());
  return text === '' || Buffer.byteLength(text) > KEY_BYTES_MAX ? undefined : text;
}

function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
