import { DomainError } from '@stella/errors';
import { parseTraceparent } from '@stella/platform-telemetry';
import type { Event, EventDraft } from './event-bus.js';
import { KEY_BYTES_MAX, PAYLOAD_BYTES_MAX, SOURCE_CHARS_MAX, TENANT_CHARS_MAX, TOPIC_CHARS_MAX, TRACEPARENT_CHARS_MAX } from './limits.js';

const TOPIC = /^stella\.[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*\.v[1-9][0-9]*(alpha|beta)?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PROTOBUF = 'application/protobuf';

/** @throws DomainError EVENT_INVALID, EVENT_TOO_LARGE. */
export function checkDraft(draft: EventDraft): void {
  const bad = (attribute: string): never => {
    throw new DomainError('EVENT_INVALID', { attribute, topic: draft.topic.slice(0, TOPIC_CHARS_MAX) });
  };
  if (!TOPIC.test(draft.topic) || draft.topic.length > TOPIC_CHARS_MAX) bad('topic');
  if (!isText(draft.tenant) || draft.tenant.length > TENANT_CHARS_MAX) bad('tenant');
  if (!isText(draft.key) || Buffer.byteLength(draft.key) > KEY_BYTES_MAX) bad('key');
  if (draft.traceparent !== undefined && !isTraceparent(draft.traceparent)) bad('traceparent');
  if (draft.payload.length > PAYLOAD_BYTES_MAX) {
    throw new DomainError('EVENT_TOO_LARGE', { topic: draft.topic, sizeBytes: String(draft.payload.length), sizeBytesMax: String(PAYLOAD_BYTES_MAX) });
  }
}

function isTraceparent(text: string): boolean {
  return text.length <= TRACEPARENT_CHARS_MAX && parseTraceparent(text) !== undefined;
}

/** Something, and nothing that a column of text could not hold. */
function isText(text: string): boolean {
  return text !== '' && !text.includes('\0') && text.isWellFormed();
}

/**
 * The attributes as headers of a message whose body is the payload: CloudEvents 1.0, binary content mode of the Kafka
 * protocol binding 1.0.2, with the extensions `partitionkey`, `traceparent` and our own `stellatenant`. The trace context
 * stands there a second time under its W3C name, for tools that follow messages and know nothing of CloudEvents.
 */
export function toHeaders(event: Event): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_source: event.source,
    ce_type: event.topic,
    ce_time: event.time.toISOString(),
    ce_partitionkey: event.key,
    ce_stellatenant: event.tenant,
    ...(event.traceparent === undefined ? {} : { ce_traceparent: event.traceparent, traceparent: event.traceparent }),
    'content-type': PROTOBUF,
  };
}

/**
 * A `traceparent` header that is malformed is passed over, as W3C asks; a CloudEvents attribute that is, is an error.
 * @throws DomainError EVENT_INVALID naming the attribute, EVENT_TOO_LARGE.
 */
export function fromHeaders(headers: Readonly<Record<string, string | undefined>>, payload: Uint8Array): Event {
  const need = (name: string): string => {
    const value = headers[name];
    if (value === undefined || value === '') throw new DomainError('EVENT_INVALID', { attribute: name });
    return value;
  };
  if (need('ce_specversion') !== '1.0') throw new DomainError('EVENT_INVALID', { attribute: 'ce_specversion' });
  if (need('content-type') !== PROTOBUF) throw new DomainError('EVENT_INVALID', { attribute: 'content-type' });
  if (!UUID.test(need('ce_id'))) throw new DomainError('EVENT_INVALID', { attribute: 'ce_id' });
  if (!isText(need('ce_source')) || need('ce_source').length > SOURCE_CHARS_MAX) throw new DomainError('EVENT_INVALID', { attribute: 'ce_source' });
  const time = new Date(need('ce_time'));
  if (Number.isNaN(time.getTime())) throw new DomainError('EVENT_INVALID', { attribute: 'ce_time' });
  const event: Event = {
    id: need('ce_id'),
    source: need('ce_source'),
    topic: need('ce_type'),
    time,
    key: need('ce_partitionkey'),
    tenant: need('ce_stellatenant'),
    traceparent: headers['ce_traceparent'] ?? [headers['traceparent'] ?? ''].find(isTraceparent),
    payload,
  };
  checkDraft(event);
  return event;
}
