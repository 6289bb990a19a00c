-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

DELETE FROM inbox
  WHERE position = ANY (ARRAY( SELECT position
  FROM inbox
  WHERE state = 'done' AND settled_at < now() - make_interval(secs => $1)
  ORDER BY settled_at
  LIMIT $2 FOR UPDATE SKIP LOCKED ));

DELETE FROM outbox
  WHERE position = ANY (ARRAY( SELECT position
  FROM outbox
  WHERE refusal IS NULL AND relayed_at < now() - make_interval(secs => $1)
  ORDER BY relayed_at
  LIMIT $2 FOR UPDATE SKIP LOCKED ));

SELECT (extract(epoch FROM min(next_attempt_at) - now()) * 1000)::float8 AS ms
  FROM inbox
  WHERE consumer = $1 AND state = 'waiting' AND next_attempt_at > now();

SELECT *, sum(octet_length(payload)) OVER (ORDER BY position) - octet_length(payload) < $3 AS fits
  FROM ( SELECT position, id, topic, tenant, key, occurred_at, traceparent, headers, payload, transaction < pg_snapshot_xmin(pg_current_snapshot()) AS settled
  FROM outbox
  WHERE relayed_at IS NULL AND topic <> ALL($2)
  ORDER BY position
  LIMIT $1 ) waiting
  ORDER BY position;

SELECT count(*)
  FROM (SELECT 1
  FROM inbox
  WHERE consumer = $1 AND state = 'waiting'
  LIMIT $2) first;

SELECT count(*), (SELECT max(position)
  FROM inbox) AS last
  FROM inbox
  WHERE state = 'waiting';

SELECT count(*), extract(epoch FROM now() - min(occurred_at))::float8 AS oldest, (SELECT max(position)
  FROM outbox) AS last
  FROM outbox
  WHERE relayed_at IS NULL;

SELECT pg_notify('stella_events_' || current_schema(), '');

SELECT position, attempts, unended, consumer, source, id, topic, tenant, key, occurred_at, traceparent, payload, last_error, settled_at
  FROM inbox
  WHERE state = 'dead'
  ORDER BY position
  LIMIT $1;

SELECT position, id, topic, tenant, key, occurred_at, traceparent, headers, payload, refusal, relayed_at
  FROM outbox
  WHERE refusal IS NOT NULL
  ORDER BY position
  LIMIT $1;

SELECT position, id, topic, tenant, key, occurred_at, traceparent, refusal, relayed_at, redeliveries, octet_length(payload) AS size_bytes, encode(sha256(payload), 'hex') AS sha256
  FROM outbox
  WHERE refusal IS NOT NULL AND tenant = $1 AND position > $2 AND ($3::text IS NULL OR topic = $3)
  ORDER BY position
  LIMIT $4;

SELECT position, id, topic, tenant, key, occurred_at, traceparent, refusal, relayed_at, redeliveries, octet_length(payload) AS size_bytes, encode(sha256(payload), 'hex') AS sha256, CASE WHEN octet_length(payload) <= $3 THEN payload END AS bytes
  FROM outbox
  WHERE position = $1 AND tenant = $2 AND (refusal IS NOT NULL OR redeliveries > 0);

SELECT position, state, attempts, consumer, source, id, topic, tenant, key, occurred_at, traceparent, last_error, settled_at, first_failed_at, last_failed_at, redeliveries, octet_length(payload) AS size_bytes, encode(sha256(payload), 'hex') AS sha256
  FROM inbox
  WHERE state = 'dead' AND tenant = $1 AND position > $2 AND ($3::text IS NULL OR topic = $3)
  ORDER BY position
  LIMIT $4;

SELECT position, state, attempts, consumer, source, id, topic, tenant, key, occurred_at, traceparent, last_error, settled_at, first_failed_at, last_failed_at, redeliveries, octet_length(payload) AS size_bytes, encode(sha256(payload), 'hex') AS sha256, CASE WHEN octet_length(payload) <= $3 AND state <> 'done' THEN payload END AS bytes
  FROM inbox
  WHERE position = $1 AND tenant = $2 AND (state = 'dead' OR redeliveries > 0);

UPDATE inbox
  SET attempts = attempts - 1, unended = unended - 1
  WHERE position = $1 AND state = 'waiting';

UPDATE inbox
  SET state = 'dead', settled_at = now(), last_error = $2, first_failed_at = coalesce(first_failed_at, now()), last_failed_at = now()
  WHERE position = $1 AND state = 'waiting';

UPDATE inbox
  SET state = 'done', settled_at = now(), payload = '', last_error = NULL
  WHERE position = $1 AND state = 'waiting';

UPDATE inbox
  SET state = 'waiting', attempts = 0, unended = 0, next_attempt_at = now(), settled_at = NULL, redeliveries = redeliveries + 1
  WHERE position = $1 AND state = 'dead';

UPDATE inbox
  SET unended = unended - 1, next_attempt_at = now() + make_interval(secs => $2), last_error = $3, first_failed_at = coalesce(first_failed_at, now()), last_failed_at = now()
  WHERE position = $1 AND state = 'waiting';

UPDATE outbox
  SET relayed_at = now(), refusal = $2
  WHERE position = $1;

UPDATE outbox
  SET relayed_at = now(), refusal = NULL
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS not_flushed
  WHERE position = ANY($1::bigint[]);

WITH RECURSIVE head AS ( (SELECT source, key, position
  FROM inbox
  WHERE consumer = $1 AND state = 'waiting' AND (source, key) > ($2, $3)
  ORDER BY source, key, position
  LIMIT 1)
  UNION ALL SELECT next.*
  FROM head
  CROSS JOIN LATERAL ( SELECT source, key, position
  FROM inbox
  WHERE consumer = $1 AND state = 'waiting' AND (source, key) > (head.source, head.key)
  ORDER BY source, key, position
  LIMIT 1 ) next ) SELECT inbox.*
  FROM head
  CROSS JOIN LATERAL ( SELECT position, attempts, unended, consumer, source, id, topic, tenant, key, occurred_at, traceparent, payload, last_error, settled_at
  FROM inbox
  WHERE inbox.position = head.position AND state = 'waiting' AND topic = ANY($4) AND next_attempt_at <= now() OFFSET 0 ) inbox
  LIMIT $5;

WITH added AS ( INSERT INTO outbox (id, topic, tenant, key, occurred_at, traceparent, headers, payload)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (id) DO NOTHING
  RETURNING 1 ) SELECT pg_notify('stella_events_' || current_schema(), '')
  FROM added;

WITH added AS (INSERT INTO outbox (id, topic, tenant, key, occurred_at, traceparent, payload)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  RETURNING 1) SELECT pg_notify('stella_events_' || current_schema(), '')
  FROM added;

WITH again AS (UPDATE outbox
  SET relayed_at = NULL, refusal = NULL, redeliveries = redeliveries + 1
  WHERE position = $1 AND refusal IS NOT NULL
  RETURNING 1) SELECT pg_notify('stella_events_' || current_schema(), '')
  FROM again;

WITH gone AS ( DELETE FROM inbox
  WHERE position = ANY (ARRAY( SELECT position
  FROM inbox
  WHERE state = 'dead' AND settled_at < now() - make_interval(secs => $1)
  ORDER BY position
  LIMIT $2 FOR UPDATE SKIP LOCKED ))
  RETURNING consumer, topic ) SELECT consumer, topic, count(*) AS count
  FROM gone
  GROUP BY consumer, topic;

WITH gone AS ( DELETE FROM outbox
  WHERE position = ANY (ARRAY( SELECT position
  FROM outbox
  WHERE refusal IS NOT NULL AND relayed_at < now() - make_interval(secs => $1)
  ORDER BY position
  LIMIT $2 FOR UPDATE SKIP LOCKED ))
  RETURNING topic ) SELECT topic, count(*) AS count
  FROM gone
  GROUP BY topic;

WITH taken AS ( INSERT INTO inbox (consumer, source, id, topic, tenant, key, occurred_at, traceparent, payload) SELECT $1, source, id, topic, tenant, key, occurred_at, traceparent, payload
  FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::bytea[]) WITH ORDINALITY AS event (source, id, topic, tenant, key, occurred_at, traceparent, payload, n)
  ORDER BY n
  ON CONFLICT (consumer, source, id) DO NOTHING
  RETURNING 1 ) SELECT count(*) AS taken, pg_notify('stella_events_' || current_schema(), '')
  FROM taken;
