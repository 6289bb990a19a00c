-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

DELETE FROM verifications
  WHERE tenant = $1 AND id = $2;

INSERT INTO incidents (tenant, id, title, exit_code, stdout_sha256, create_time)
  VALUES ($1, $2, $3, $4, $5, $6);

INSERT INTO recordings (tenant, id, key, draft, canonicaliser, isolation, expected_cap, state, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

INSERT INTO replays (tenant, id, purpose, subject_id, runs, deadline, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7);

INSERT INTO requests (tenant, request_id, request_sha256, resource, cached)
  VALUES ($1, $2, $3, $4, $5);

INSERT INTO verifications (tenant, id, witness_id, artifact_sha256, replays_requested, state, replay_id, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

INSERT INTO witnesses (tenant, id, incident_id, artifact_sha256, canonicaliser, determinism, determinism_reason, isolation, evidence_sha256, create_time, stack_format, stack)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  ON CONFLICT (tenant, id) DO NOTHING;

SELECT count(*)
  FROM replays
  WHERE tenant = $1 AND state = 'running';

SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

SELECT pg_notify('stella_' || $1 || '_' || current_schema(), $2);

SELECT request_sha256, resource, cached
  FROM requests
  WHERE tenant = $1 AND request_id = $2;

SELECT tenant, id, incident_id, artifact_sha256, canonicaliser, determinism, determinism_reason, isolation, evidence_sha256, create_time, NULL AS stack_format, NULL AS stack
  FROM witnesses
  WHERE tenant = $1 AND ($2::text IS NULL OR incident_id = $2) AND ($3::timestamptz IS NULL OR create_time < $3 OR (create_time = $3 AND id > $4))
  ORDER BY create_time DESC, id
  LIMIT $5;

SELECT tenant, id, incident_id, artifact_sha256, canonicaliser, determinism, determinism_reason, isolation, evidence_sha256, create_time, stack_format, stack
  FROM witnesses
  WHERE tenant = $1 AND id = $2;

SELECT tenant, id, key, draft, canonicaliser, isolation, expected_cap, state, witness_id, failure_reason, failure_detail, create_time
  FROM recordings
  WHERE tenant = $1 AND id = $2;

SELECT tenant, id, key, draft, canonicaliser, isolation, expected_cap, state, witness_id, failure_reason, failure_detail, create_time
  FROM recordings
  WHERE tenant = $1 AND key = $2 AND state <> 'failed'
  ORDER BY create_time DESC
  LIMIT 1;

SELECT tenant, id, purpose, subject_id, runs, deadline, create_time
  FROM replays
  WHERE state = 'running' AND deadline < $1
  ORDER BY deadline
  LIMIT $2;

SELECT tenant, id, purpose, subject_id, runs, deadline, create_time
  FROM replays
  WHERE tenant = $1 AND id = $2;

SELECT tenant, id, title, exit_code, stdout_sha256, create_time
  FROM incidents
  WHERE tenant = $1 AND ($2::timestamptz IS NULL OR create_time < $2 OR (create_time = $2 AND id > $3))
  ORDER BY create_time DESC, id
  LIMIT $4;

SELECT tenant, id, title, exit_code, stdout_sha256, create_time
  FROM incidents
  WHERE tenant = $1 AND id = $2;

SELECT tenant, id, witness_id, artifact_sha256, replays_requested, state, replay_id, create_time, failure_reason, failure_detail, outcome, replays, successes, success_lower_bound_ppm, canonical_variance, raw_variance, cap_hit, evidence_sha256, expire_time
  FROM verifications
  WHERE tenant = $1 AND id = $2;

UPDATE recordings
  SET state = $3, witness_id = $4, failure_reason = $5, failure_detail = $6
  WHERE tenant = $1 AND id = $2 AND state = 'running';

UPDATE replays
  SET state = $3
  WHERE tenant = $1 AND id = $2 AND state = 'running';

UPDATE verifications
  SET state = $3, (failure_reason, failure_detail, outcome, replays, successes, success_lower_bound_ppm, canonical_variance, raw_variance, cap_hit, evidence_sha256, expire_time) = ROW($4, $5, $6, $7::int, $8::int, $9::int, $10::int, $11::int, $12, $13, $14::timestamptz)
  WHERE tenant = $1 AND id = $2;
