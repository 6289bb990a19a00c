-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

DELETE FROM evaluations
  WHERE id = ANY (ARRAY(SELECT id
  FROM evaluations
  WHERE update_time < $1
  ORDER BY update_time
  LIMIT $2 FOR UPDATE SKIP LOCKED));

DELETE FROM news
  WHERE ctid = ANY (ARRAY(SELECT ctid
  FROM news
  WHERE time < $1
  ORDER BY time
  LIMIT $2 FOR UPDATE SKIP LOCKED));

DELETE FROM revocations
  WHERE tenant = $1 AND kind IN ('candidate', 'question') AND at <= $2;

DELETE FROM verdict_witnesses
  WHERE verdict_id = $1;

INSERT INTO evaluations (id, tenant, request_digest, state, stage, start_time, update_time, began)
  VALUES ($1, $2, $3, 'running', '', $4, $4, nextval('evaluation_order'))
  ON CONFLICT (tenant, request_digest)
  WHERE state = 'running' DO UPDATE
  SET update_time = excluded.update_time, began = excluded.began
  RETURNING id, began;

INSERT INTO news (tenant, subject, evidence, time) SELECT $1, subject, $3, $4
  FROM unnest($2::text[]) AS subject
  ON CONFLICT DO NOTHING;

INSERT INTO policies (id, version, sha256, envelope_sha256, expires_at)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING;

INSERT INTO refutations (tenant, candidate_sha256, evidence, witness, payload_sha256, verdict_id, seen_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT DO NOTHING;

INSERT INTO revocation_lists (tenant, version) SELECT $1, version
  FROM revocation_list
  ON CONFLICT DO NOTHING;

INSERT INTO revocations (tenant, kind, id, reason, at) SELECT $1, 'candidate', lpad(to_hex(n), 64, '0'), 'withdrawn', $4::timestamptz
  FROM generate_series($2::int, $3::int) AS n;

INSERT INTO revocations AS r (tenant, kind, id, reason, at)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (tenant, kind, id) DO UPDATE
  SET reason = excluded.reason, at = excluded.at
  WHERE r.at < excluded.at;

INSERT INTO verdict_witnesses (verdict_id, witness) SELECT $1, unnest($2::text[]);

INSERT INTO verdicts (id, tenant, request_digest, outcome, baseline_sha256, candidate_sha256, policy_id, policy_sha256, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, supersedes, issued_at, asked_sha256, trust_root_sha256, is_whole, start_time, subjects, considered, began, question_sha256, valid_until, baseline_verdict, signers)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26);

INSERT INTO withdrawals (tenant, kind, id, sequence, standing, reason, note, said_by, said_at, verdict_id, envelope_sha256, payload_sha256)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

SELECT *
  FROM policies
  WHERE id = $1
  ORDER BY version DESC
  LIMIT 1;

SELECT *
  FROM revocation_lists
  WHERE tenant = $1;

SELECT *
  FROM revocation_lists
  WHERE tenant = $1 FOR UPDATE;

SELECT DISTINCT v.outcome
  FROM verdicts v
  WHERE v.tenant = $1 AND v.candidate_sha256 = $2 AND (v.question_sha256 = $3 OR (v.question_sha256 = '' AND v.baseline_sha256 = $4 AND v.policy_id = $5)) AND v.revoked_at IS NULL;

SELECT DISTINCT witness
  FROM refutations
  WHERE tenant = $1 AND candidate_sha256 = $2 AND witness <> ''
  ORDER BY witness;

SELECT EXISTS ( SELECT
  FROM news n
  WHERE n.tenant = v.tenant AND n.subject = ANY (v.subjects) AND n.time > v.start_time - $3 * interval '1 millisecond' AND NOT n.evidence = ANY (v.considered) ) AS misses
  FROM verdicts v
  WHERE tenant = $1 AND id = $2;

SELECT
  FROM policies
  WHERE sha256 = $1
  LIMIT 1;

SELECT
  FROM refutations
  WHERE tenant = $1 AND candidate_sha256 = $2 AND CASE WHEN witness = '' THEN payload_sha256 = $5 AND NOT evidence = ANY ($4) ELSE NOT witness = ANY ($3) END
  LIMIT 1;

SELECT
  FROM verdicts v
  WHERE v.tenant = $1 AND v.candidate_sha256 = $2 AND v.outcome <> 'DENY' AND v.revoked_at IS NULL AND NOT v.considered @> $3::text[]
  LIMIT 1;

SELECT count(*)
  FROM news
  WHERE tenant = $1 AND subject = ANY ($2);

SELECT count(*) || ' ' || COALESCE(md5(string_agg(kind || id || reason || extract(epoch FROM at), ','
  ORDER BY kind, id)), '') AS digest
  FROM revocation_entries
  WHERE tenant = $1 AND (kind IN ('key', 'policy') OR at > $2);

SELECT count(*)::int AS count
  FROM revocations
  WHERE tenant = $1;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at, revoked_reason, superseded_by
  FROM verdicts
  WHERE tenant = $1 AND ($2::text IS NULL OR candidate_sha256 = $2) AND ($3::timestamptz IS NULL OR (issued_at, id) < ($3, $4))
  ORDER BY issued_at DESC, id DESC
  LIMIT $5;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at, revoked_reason, superseded_by
  FROM verdicts
  WHERE tenant = $1 AND id = $2;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at, revoked_reason, superseded_by
  FROM verdicts
  WHERE tenant = $1 AND id = $2 AND request_digest = $3 AND asked_sha256 = $4 AND considered @> $5::text[] AND is_whole AND revoked_at IS NULL;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at, revoked_reason, superseded_by
  FROM verdicts v
  WHERE tenant = $1 AND candidate_sha256 = $2 AND outcome = 'ALLOW' AND revoked_at IS NULL AND (policy_id = ANY ($3) OR policy_sha256 = $4) AND COALESCE(v.valid_until, v.issued_at + 15552000000 * interval '1 millisecond') > $5
  ORDER BY issued_at DESC, id DESC
  LIMIT 1;

SELECT id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at, revoked_reason, superseded_by
  FROM verdicts v
  WHERE tenant = $1 AND request_digest = $2 AND asked_sha256 = $3 AND trust_root_sha256 = $4 AND is_whole AND revoked_at IS NULL AND issued_at > $6 AND NOT EXISTS ( SELECT
  FROM news n
  WHERE n.tenant = v.tenant AND n.subject = ANY (v.subjects) AND n.time > v.start_time - $5 * interval '1 millisecond' AND NOT n.evidence = ANY (v.considered) ) AND NOT EXISTS (SELECT
  FROM verdicts s
  WHERE s.id = v.superseded_by AND s.outcome <> v.outcome) AND NOT EXISTS ( SELECT
  FROM verdicts b
  WHERE b.tenant = v.tenant AND b.candidate_sha256 = v.baseline_sha256 AND b.revoked_at IS NOT NULL AND b.envelope_sha256 = ANY (v.considered) )
  ORDER BY issued_at DESC, id DESC
  LIMIT 1;

SELECT max(issued_at) AS issued_at
  FROM verdicts
  WHERE tenant = $1 AND candidate_sha256 = $2;

SELECT max(sequence) AS sequence
  FROM withdrawals
  WHERE tenant = $1 AND kind = 'candidate' AND id = $2;

SELECT note, said_at, envelope_sha256, payload_sha256
  FROM withdrawals
  WHERE tenant = $1 AND kind = $2 AND id = $3
  ORDER BY sequence DESC
  LIMIT $4;

SELECT note, said_at, envelope_sha256, payload_sha256
  FROM withdrawals w
  WHERE tenant = $1 AND ($2::text IS NULL OR kind = $2) AND ($3::timestamptz IS NULL OR (said_at, payload_sha256) < ($3, $4)) AND sequence = (SELECT max(sequence)
  FROM withdrawals l
  WHERE l.tenant = w.tenant AND l.kind = w.kind AND l.id = w.id)
  ORDER BY said_at DESC, payload_sha256 DESC
  LIMIT $5;

SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || $1, 0));

SELECT state
  FROM evaluations
  WHERE tenant = $1;

SELECT state, failure_reason
  FROM evaluations
  WHERE tenant = $1;

SELECT v.id
  FROM verdicts v
  WHERE v.tenant = $1 AND v.candidate_sha256 = $2 AND (v.question_sha256 = $3 OR (v.question_sha256 = '' AND v.baseline_sha256 = $4 AND v.policy_id = $5)) AND v.began > $6
  ORDER BY v.began DESC
  LIMIT 1;

SELECT v.id
  FROM verdicts v
  WHERE v.tenant = $1 AND v.candidate_sha256 = $2 AND (v.question_sha256 = $3 OR (v.question_sha256 = '' AND v.baseline_sha256 = $4 AND v.policy_id = $5)) AND v.revoked_at IS NULL AND v.began < $6
  ORDER BY v.began DESC, v.issued_at DESC, v.id DESC
  LIMIT 1;

UPDATE evaluations
  SET began = nextval('evaluation_order'), update_time = $2
  WHERE id = $1
  RETURNING began;

UPDATE evaluations
  SET stage = $2, update_time = $3
  WHERE id = $1;

UPDATE evaluations
  SET state = $2, failure_reason = $3, update_time = $4
  WHERE id = $1 AND state = 'running';

UPDATE evaluations
  SET state = 'done', stage = 'sign', verdict_id = $2, update_time = $3
  WHERE id = $1;

UPDATE revocation_lists
  SET version = $2, entries_digest = $3, forgotten_before = $4, envelope_sha256 = $5, signer = $6, issued_at = $7
  WHERE tenant = $1;

UPDATE verdicts
  SET question_sha256 = '', began = 0, valid_until = NULL, signers = '{}'
  WHERE tenant = $1;

UPDATE verdicts
  SET signers = array_remove(signers, $2)
  WHERE tenant = $1 AND candidate_sha256 = $3;

UPDATE verdicts v
  SET revoked_at = $1, revoked_reason = $2, revoked_note = $3, superseded_by = COALESCE(NULLIF($4, ''), v.superseded_by), is_covered = $5
  WHERE v.revoked_at IS NULL AND v.id IN ( WITH RECURSIVE fallen AS ( SELECT unnest($7::text[]) AS id UNION SELECT r.id
  FROM fallen f
  JOIN verdicts r ON r.tenant = $6 AND r.baseline_verdict = f.id AND r.baseline_verdict <> '' AND r.revoked_at IS NULL ) SELECT id
  FROM fallen )
  RETURNING v.id;

UPDATE verdicts v
  SET revoked_at = $1, revoked_reason = $2, revoked_note = $3, superseded_by = COALESCE(NULLIF($4, ''), v.superseded_by), is_covered = $5
  WHERE v.revoked_at IS NULL AND v.tenant = $6 AND v.candidate_sha256 = $7 AND (v.question_sha256 = $8 OR (v.question_sha256 = '' AND v.baseline_sha256 = $9 AND v.policy_id = $10)) AND v.outcome = ANY ($11)
  RETURNING v.id;

UPDATE verdicts v
  SET revoked_at = $1, revoked_reason = $2, revoked_note = $3, superseded_by = COALESCE(NULLIF($4, ''), v.superseded_by), is_covered = $5
  WHERE v.revoked_at IS NULL AND v.tenant = $6 AND v.candidate_sha256 = $7 AND v.outcome <> 'DENY'
  RETURNING v.id;

UPDATE verdicts v
  SET revoked_at = $1, revoked_reason = $2, revoked_note = $3, superseded_by = COALESCE(NULLIF($4, ''), v.superseded_by), is_covered = $5
  WHERE v.revoked_at IS NULL AND v.tenant = $6 AND v.id = $7;

UPDATE verdicts v
  SET revoked_at = $1, revoked_reason = $2, revoked_note = $3, superseded_by = COALESCE(NULLIF($4, ''), v.superseded_by), is_covered = $5
  WHERE v.revoked_at IS NULL AND v.tenant = $6 AND v.policy_sha256 = $7
  RETURNING v.id;

UPDATE verdicts v
  SET revoked_at = $1, revoked_reason = $2, revoked_note = $3, superseded_by = COALESCE(NULLIF($4, ''), v.superseded_by), is_covered = $5
  WHERE v.revoked_at IS NULL AND v.tenant = $6 AND v.signers @> ARRAY[$7]::text[]
  RETURNING v.id;

UPDATE verdicts v
  SET superseded_by = $6
  WHERE v.tenant = $1 AND v.candidate_sha256 = $2 AND (v.question_sha256 = $3 OR (v.question_sha256 = '' AND v.baseline_sha256 = $4 AND v.policy_id = $5)) AND v.superseded_by = '' AND v.revoked_at IS NULL;

WITH RECURSIVE lineage (artifact, depth) AS ( SELECT $2, 1 UNION SELECT v.baseline_sha256, l.depth + 1
  FROM lineage l
  JOIN verdicts v ON v.tenant = $1 AND v.candidate_sha256 = l.artifact AND v.outcome <> 'DENY'
  WHERE l.depth < $3 ) SELECT w.witness
  FROM lineage l
  JOIN verdicts v ON v.tenant = $1 AND v.candidate_sha256 = l.artifact AND v.outcome <> 'DENY'
  JOIN verdict_witnesses w ON w.verdict_id = v.id
  GROUP BY w.witness
  ORDER BY min(l.depth), w.witness
  LIMIT $4;

WITH e AS MATERIALIZED (SELECT kind, id, reason, at
  FROM revocation_entries
  WHERE tenant = $1 AND (kind IN ('key', 'policy') OR at > $2)) SELECT d.digest, s.*
  FROM (SELECT count(*) || ' ' || COALESCE(md5(string_agg(kind || id || reason || extract(epoch FROM at), ','
  ORDER BY kind, id)), '') AS digest
  FROM e) d
  LEFT JOIN (SELECT *
  FROM e
  ORDER BY at, kind, id
  LIMIT $3) s ON true
  ORDER BY s.at, s.kind, s.id;
