-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

DELETE FROM evaluations
  WHERE state <> 'running' AND update_time < $1;

DELETE FROM news
  WHERE time < $1;

INSERT INTO evaluations (id, tenant, request_digest, state, stage, start_time, update_time)
  VALUES ($1, $2, $3, 'running', '', $4, $4)
  ON CONFLICT (tenant, request_digest)
  WHERE state = 'running' DO UPDATE
  SET update_time = excluded.update_time
  RETURNING id;

INSERT INTO news (tenant, subject, evidence, time) SELECT $1, subject, $3, $4
  FROM unnest($2::text[]) AS subject
  ON CONFLICT DO NOTHING;

INSERT INTO policies (id, version, sha256, envelope_sha256, expires_at)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING;

INSERT INTO verdicts (id, tenant, request_digest, outcome, baseline_sha256, candidate_sha256, policy_id, policy_sha256, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, supersedes, issued_at, asked_sha256, trust_root_sha256, is_whole, start_time, subjects, considered)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21);

SELECT *
  FROM policies
  WHERE id = $1
  ORDER BY version DESC
  LIMIT 1;

SELECT *
  FROM revocation_list;

SELECT *
  FROM revocation_list FOR UPDATE;

SELECT count(*)
  FROM verdicts
  WHERE revoked_at IS NOT NULL;

SELECT id
  FROM verdicts
  WHERE tenant = $1 AND candidate_sha256 = $2 AND policy_id = $3 AND revoked_at IS NULL
  ORDER BY issued_at DESC, id DESC;

SELECT id, revoked_at, revoked_reason
  FROM verdicts
  WHERE revoked_at IS NOT NULL
  ORDER BY revoked_at, id
  LIMIT $1;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at
  FROM verdicts
  WHERE tenant = $1 AND ($2::text IS NULL OR candidate_sha256 = $2) AND ($3::timestamptz IS NULL OR (issued_at, id) < ($3, $4))
  ORDER BY issued_at DESC, id DESC
  LIMIT $5;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at
  FROM verdicts
  WHERE tenant = $1 AND candidate_sha256 = $2 AND outcome = 'ALLOW' AND revoked_at IS NULL
  ORDER BY issued_at DESC, id DESC
  LIMIT 1;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at
  FROM verdicts
  WHERE tenant = $1 AND id = $2;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at
  FROM verdicts v
  WHERE tenant = $1 AND request_digest = $2 AND asked_sha256 = $3 AND trust_root_sha256 = $4 AND is_whole AND revoked_at IS NULL AND NOT EXISTS ( SELECT
  FROM news n
  WHERE n.tenant = v.tenant AND n.subject = ANY (v.subjects) AND n.time > v.start_time - $5 * interval '1 millisecond' AND NOT n.evidence = ANY (v.considered) ) AND NOT EXISTS ( SELECT
  FROM verdicts b
  WHERE b.tenant = v.tenant AND b.candidate_sha256 = v.baseline_sha256 AND b.revoked_at IS NOT NULL AND b.envelope_sha256 = ANY (v.considered) )
  ORDER BY issued_at DESC, id DESC
  LIMIT 1;

SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || $1, 0));

SELECT state, failure_reason
  FROM evaluations
  WHERE tenant = $1;

UPDATE evaluations
  SET stage = $2, update_time = $3
  WHERE id = $1;

UPDATE evaluations
  SET state = $2, failure_reason = $3, update_time = $4
  WHERE id = $1 AND state = 'running';

UPDATE evaluations
  SET state = 'done', stage = 'sign', verdict_id = $2, update_time = $3
  WHERE id = $1;

UPDATE revocation_list
  SET version = $1, entry_count = $2, envelope_sha256 = $3, signer = $4, issued_at = $5;

UPDATE verdicts
  SET revoked_at = $3, revoked_reason = $4, revoked_note = $5
  WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL;
