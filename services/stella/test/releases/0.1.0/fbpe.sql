-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

DELETE FROM log_tiles
  WHERE origin = $1 AND path = ANY($2::text[]);

INSERT INTO append_requests (tenant, request_id, payload_digest, envelope_sha256)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING;

INSERT INTO cosignatures (origin, size, key_fingerprint, organisation, same_operator, line, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (origin, size, key_fingerprint) DO UPDATE
  SET line = EXCLUDED.line, create_time = EXCLUDED.create_time;

INSERT INTO cross_verifications AS c (tenant, payload_digest, key_fingerprint, organisation, same_operator, relation, result, method, reason, predicate_type, envelope_sha256, origin, entry_index, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
  ON CONFLICT (tenant, payload_digest, key_fingerprint) DO UPDATE
  SET organisation = EXCLUDED.organisation, same_operator = EXCLUDED.same_operator, relation = EXCLUDED.relation, result = EXCLUDED.result, method = EXCLUDED.method, reason = EXCLUDED.reason, envelope_sha256 = EXCLUDED.envelope_sha256, origin = EXCLUDED.origin, entry_index = EXCLUDED.entry_index, create_time = EXCLUDED.create_time
  WHERE EXCLUDED.origin <> c.origin OR EXCLUDED.entry_index > c.entry_index;

INSERT INTO entries (origin, entry_index, tenant, payload_digest, envelope_sha256, predicate_type, record, log_time) SELECT $1, e.*, $2::timestamptz
  FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[]) AS e;

INSERT INTO entry_subjects (tenant, subject_sha256, origin, entry_index) SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
  ON CONFLICT DO NOTHING;

INSERT INTO foreign_checkpoints (peering_id, size, note)
  VALUES ($1, $2, $3)
  ON CONFLICT (peering_id, size) DO UPDATE
  SET note = EXCLUDED.note
  WHERE length(EXCLUDED.note) >= length(foreign_checkpoints.note);

INSERT INTO foreign_entries (peering_id, entry_index, tenant, payload_digest, predicate_type, record, tree_size, inclusion, verify_time, payload_state, check_state) SELECT e.*, 'none'
  FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::bytea[], $9::timestamptz[], $10::text[]) AS e
  ON CONFLICT DO NOTHING;

INSERT INTO log_checkpoints (origin, size, note, create_time)
  VALUES ($1, $2, $3, $4);

INSERT INTO log_heads (origin, checkpoint, size, root_hash)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING;

INSERT INTO log_tiles (origin, path, bytes) SELECT $1, t.path, t.bytes
  FROM unnest($2::text[], $3::bytea[]) AS t (path, bytes)
  ON CONFLICT (origin, path) DO UPDATE
  SET bytes = EXCLUDED.bytes;

INSERT INTO misbehaviours (tenant, peering_id, reason, provable, first_checkpoint, second_checkpoint, fork_root_hash, fork_proof, facts, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bytea[], $9, $10);

INSERT INTO peerings (id, tenant, request_id, request_sha256, organisation, origin, log_key, cosigner_key, evidence_keys, grpc_address, http_address, same_operator, development, state)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::bytea[], $10, $11, $12, $13, 'active')
  ON CONFLICT (tenant, request_id) DO NOTHING;

SELECT *
  FROM cross_verifications
  WHERE tenant = $1 AND payload_digest = ANY($2::text[])
  ORDER BY organisation, key_fingerprint;

SELECT *
  FROM peerings
  WHERE id = $1 FOR UPDATE;

SELECT *
  FROM peerings
  WHERE origin = $1;

SELECT *
  FROM peerings
  WHERE state = 'active'
  ORDER BY id;

SELECT *
  FROM peerings
  WHERE tenant = $1 AND id = $2;

SELECT *
  FROM peerings
  WHERE tenant = $1 AND id > $2
  ORDER BY id
  LIMIT $3;

SELECT *
  FROM peerings
  WHERE tenant = $1 AND request_id = $2;

SELECT bytes
  FROM log_tiles
  WHERE origin = $1 AND path = $2;

SELECT c.size, c.note, array(SELECT s.line
  FROM cosignatures s
  WHERE s.origin = c.origin AND s.size = c.size
  ORDER BY s.key_fingerprint) AS lines
  FROM log_checkpoints c
  WHERE c.origin = $1 AND c.size = $2;

SELECT c.size, c.note, array(SELECT s.line
  FROM cosignatures s
  WHERE s.origin = c.origin AND s.size = c.size
  ORDER BY s.key_fingerprint) AS lines
  FROM log_checkpoints c
  WHERE c.origin = $1 AND c.size = COALESCE( (SELECT max(size)
  FROM cosignatures
  WHERE origin = $1 AND size > $2), (SELECT size
  FROM log_heads
  WHERE origin = $1 AND size > $2));

SELECT checkpoint, size, root_hash
  FROM log_heads
  WHERE origin = $1;

SELECT count(*) FILTER (WHERE c.result = 'agrees') AS agrees, count(*) FILTER (WHERE c.result = 'disagrees') AS disagrees, count(*) FILTER (WHERE c.result = 'cannot') AS cannot, count(*) FILTER (WHERE c.result IS NULL AND e.log_time < $3) AS silent
  FROM entries e
  LEFT JOIN cross_verifications c ON c.tenant = e.tenant AND c.payload_digest = e.payload_digest AND c.key_fingerprint <> $2
  WHERE e.predicate_type = $1;

SELECT envelope_sha256
  FROM append_requests
  WHERE tenant = $1 AND request_id = $2;

SELECT f.*, p.origin, array(SELECT s.subject_sha256
  FROM entry_subjects s
  WHERE s.tenant = f.tenant AND s.origin = p.origin AND s.entry_index = f.entry_index) AS subjects
  FROM foreign_entries f
  JOIN peerings p ON p.id = f.peering_id
  WHERE f.peering_id = $1 AND f.check_state = 'due' AND f.next_check_time <= $2
  ORDER BY f.next_check_time, f.entry_index
  LIMIT $3;

SELECT f.*, p.origin, array(SELECT s.subject_sha256
  FROM entry_subjects s
  WHERE s.tenant = f.tenant AND s.origin = p.origin AND s.entry_index = f.entry_index) AS subjects
  FROM foreign_entries f
  JOIN peerings p ON p.id = f.peering_id
  WHERE f.peering_id = $1 AND f.payload_state = 'wanted'
  ORDER BY f.entry_index
  LIMIT $2;

SELECT f.*, p.origin, array(SELECT s.subject_sha256
  FROM entry_subjects s
  WHERE s.tenant = f.tenant AND s.origin = p.origin AND s.entry_index = f.entry_index) AS subjects
  FROM foreign_entries f
  JOIN peerings p ON p.id = f.peering_id
  WHERE f.tenant = $1 AND f.payload_digest = $2
  ORDER BY p.origin, f.entry_index
  LIMIT 1;

SELECT f.*, p.origin, array(SELECT s.subject_sha256
  FROM entry_subjects s
  WHERE s.tenant = f.tenant AND s.origin = p.origin AND s.entry_index = f.entry_index) AS subjects
  FROM foreign_entries f
  JOIN peerings p ON p.id = f.peering_id
  WHERE f.tenant = $1 AND p.origin = $2 AND f.entry_index = $3;

SELECT note
  FROM foreign_checkpoints
  WHERE peering_id = $1 AND size = $2;

SELECT origin, entry_index
  FROM entry_subjects
  WHERE tenant = $1 AND subject_sha256 = $2 AND (origin, entry_index) > ($3, $4)
  ORDER BY origin, entry_index
  LIMIT $5;

SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

SELECT tenant, origin, entry_index, payload_digest, envelope_sha256, predicate_type, record, log_time
  FROM entries
  WHERE (tenant, payload_digest) IN (SELECT t, d
  FROM unnest($1::text[], $2::text[]) AS k (t, d));

SELECT tenant, origin, entry_index, payload_digest, envelope_sha256, predicate_type, record, log_time
  FROM entries
  WHERE origin = $1 AND entry_index = $2 AND tenant = $3;

SELECT tenant, origin, entry_index, payload_digest, envelope_sha256, predicate_type, record, log_time
  FROM entries
  WHERE tenant = $1 AND payload_digest = $2;

UPDATE foreign_entries
  SET check_attempts = check_attempts + 1, next_check_time = $3
  WHERE peering_id = $1 AND entry_index = $2;

UPDATE foreign_entries
  SET check_state = 'done'
  WHERE peering_id = $1 AND entry_index = $2;

UPDATE foreign_entries
  SET payload_state = $3, envelope_sha256 = $4, signer_fingerprint = $5, check_state = $6, next_check_time = '-infinity'
  WHERE peering_id = $1 AND entry_index = $2 AND payload_state = 'wanted';

UPDATE log_heads
  SET checkpoint = $2, size = $3, root_hash = $4
  WHERE origin = $1 AND checkpoint = $5;

UPDATE peerings
  SET last_pull_time = $2
  WHERE id = $1;

UPDATE peerings
  SET seen_checkpoint = $2
  WHERE id = $1;

UPDATE peerings
  SET state = 'frozen', frozen_reason = $2
  WHERE id = $1;

UPDATE peerings
  SET verified_size = $3
  WHERE id = $1 AND verified_size = $2 AND state = 'active';
