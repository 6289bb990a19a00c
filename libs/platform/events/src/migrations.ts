import type { Migration } from '@stella/platform-database';

const EVENTS = `
-- Written in the transaction of the change that the event tells of; read by one relay.
CREATE TABLE outbox (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id uuid NOT NULL UNIQUE,
  topic text NOT NULL,
  tenant text NOT NULL,
  key text NOT NULL CHECK (octet_length(key) <= 1024),
  occurred_at timestamptz NOT NULL,
  traceparent text,
  payload bytea NOT NULL CHECK (octet_length(payload) <= 1048576),
  relayed_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (position) WHERE relayed_at IS NULL;
CREATE INDEX outbox_relayed ON outbox (relayed_at) WHERE relayed_at IS NOT NULL;

-- What was received: waiting for its consumer, done, or a dead letter. A row that is there is a duplicate's answer.
CREATE TABLE inbox (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer text NOT NULL,
  source text NOT NULL,
  id uuid NOT NULL,
  topic text NOT NULL,
  tenant text NOT NULL,
  key text NOT NULL,
  occurred_at timestamptz NOT NULL,
  traceparent text,
  payload bytea NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')),
  attempts int NOT NULL DEFAULT 0,
  -- Attempts that were begun and never ended: the process died.
  unended int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error text,
  settled_at timestamptz,
  UNIQUE (consumer, source, id)
);
CREATE INDEX inbox_waiting ON inbox (consumer, source, key, position) WHERE state = 'waiting';
CREATE INDEX inbox_dead ON inbox (position) WHERE state = 'dead';
CREATE INDEX inbox_done ON inbox (settled_at) WHERE state = 'done';
`;

const DEAD_LETTERS = `
-- Of a copy for a dead-letter topic, which is sent with the headers that it came with.
ALTER TABLE outbox ADD COLUMN headers jsonb;
-- Why the carrier takes this event never; such a row counts as relayed until somebody redelivers it.
ALTER TABLE outbox ADD COLUMN refusal text;
CREATE INDEX outbox_refused ON outbox (position) WHERE refusal IS NOT NULL;
`;

const REDELIVERIES = `
-- For operators: since when an event fails, and that it was handed out again after it had been given up.
ALTER TABLE inbox ADD COLUMN first_failed_at timestamptz, ADD COLUMN last_failed_at timestamptz, ADD COLUMN redeliveries int NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN redeliveries int NOT NULL DEFAULT 0;
CREATE INDEX inbox_dead_of_tenant ON inbox (tenant, position) WHERE state = 'dead';
CREATE INDEX outbox_refused_of_tenant ON outbox (tenant, position) WHERE refusal IS NOT NULL;
`;

/** The tables of events, for the schema of every service; applied before the service's own migrations. */
export const EVENTS_MIGRATIONS: readonly Migration[] = [
  { name: '0000_events.sql', sql: EVENTS },
  { name: '0000_events_dead_letters.sql', sql: DEAD_LETTERS },
  { name: '0000_events_redeliveries.sql', sql: REDELIVERIES },
];

/**
 * SQL for the schema of a service that was restored from a dump, as its owner, before it starts. What it sent shortly
 * before the dump may have been on its way when everything was lost: it is sent again, and inboxes know what they had,
 * however old the dump is: their retention of it begins anew. A day more of it, since a handler may be faster than the mark
 * that its event was sent. The numbers of transactions are the old server's, and would hold events back until the new one
 * has counted as far.
 */
export function resumeOutbox(resentSince: Date): string {
  const since = `'${resentSince.toISOString()}'::timestamptz`;
  return `WITH known AS (UPDATE inbox SET settled_at = now() WHERE state <> 'waiting' AND settled_at >= ${since} - interval '1 day')
    UPDATE outbox SET transaction = pg_current_xact_id(), relayed_at = CASE WHEN refusal IS NULL AND relayed_at >= ${since} THEN NULL ELSE relayed_at END;`;
}
