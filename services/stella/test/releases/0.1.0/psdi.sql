-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

DELETE FROM functions
  WHERE tenant = $1 AND artifact_sha256 = $2;

INSERT INTO artifacts (tenant, sha256, size_bytes, label, create_time)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING;

INSERT INTO artifacts (tenant, sha256, size_bytes, label, create_time)
  VALUES ($1, $2, $3, $4, now());

INSERT INTO create_requests (tenant, request_id, request_sha256, answer, create_time)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING;

INSERT INTO delta_units (tenant, delta_id, position, unit_id, kind, name, change, baseline_size_bytes, candidate_size_bytes) SELECT $1, $2, $3::integer + n - 1, unit_id, kind, name, change, baseline_size_bytes, candidate_size_bytes
  FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[]) WITH ORDINALITY AS u (unit_id, kind, name, change, baseline_size_bytes, candidate_size_bytes, n);

INSERT INTO deltas (tenant, id, baseline_sha256, candidate_sha256, lifter_sha256, counts, proof_sha256, scope_sha256, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT DO NOTHING;

INSERT INTO functions (tenant, artifact_sha256, position, unit_id, name, e1, e2, size_bytes) SELECT $1, $2, $3::integer + n - 1, unit_id, name, decode(e1, 'hex'), decode(e2, 'hex'), size_bytes
  FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[]) WITH ORDINALITY AS f (unit_id, name, e1, e2, size_bytes, n);

INSERT INTO indexes (tenant, artifact_sha256, lifter_sha256, predicate, summary, set_sha256, envelope_sha256, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT DO NOTHING;

INSERT INTO pack_files (tenant, pack, sha256, outcome, reason, update_time) SELECT $1, $2, sha256, outcome, reason, $6
  FROM unnest($3::text[], $4::text[], $5::text[]) AS f (sha256, outcome, reason)
  ON CONFLICT (tenant, pack, sha256) DO UPDATE
  SET outcome = EXCLUDED.outcome, reason = EXCLUDED.reason, update_time = EXCLUDED.update_time;

SELECT *
  FROM artifacts
  WHERE tenant = $1 AND sha256 = $2;

SELECT *
  FROM deltas
  WHERE tenant = $1 AND id = $2;

SELECT artifact_sha256, position, unit_id, name, e1, e2, size_bytes
  FROM functions
  WHERE tenant = $1 AND e1 = decode($2, 'hex') AND (artifact_sha256, position) > ($3, $4)
  ORDER BY artifact_sha256, position
  LIMIT $5;

SELECT artifact_sha256, position, unit_id, name, e1, e2, size_bytes
  FROM functions
  WHERE tenant = $1 AND e2 = decode($2, 'hex') AND (artifact_sha256, position) > ($3, $4)
  ORDER BY artifact_sha256, position
  LIMIT $5;

SELECT artifact_sha256, position, unit_id, name, e1, e2, size_bytes
  FROM functions
  WHERE tenant = $1 AND hashtextextended(name, 0) = hashtextextended($2, 0) AND name = $2 AND (artifact_sha256, position) > ($3, $4)
  ORDER BY artifact_sha256, position
  LIMIT $5;

SELECT count(*) AS n
  FROM functions
  WHERE artifact_sha256 = $1;

SELECT count(*) AS n
  FROM indexes
  WHERE artifact_sha256 = $1;

SELECT position, unit_id, kind, name, change, baseline_size_bytes, candidate_size_bytes
  FROM delta_units
  WHERE tenant = $1 AND delta_id = $2 AND ($3::text IS NULL OR kind = $3) AND position > $4
  ORDER BY position
  LIMIT $5;

SELECT predicate, summary, set_sha256, envelope_sha256, create_time
  FROM indexes
  WHERE tenant = $1 AND artifact_sha256 = $2 AND lifter_sha256 = $3;

SELECT request_sha256, answer
  FROM create_requests
  WHERE tenant = $1 AND request_id = $2;

SELECT tenant, sha256, outcome, reason
  FROM pack_files
  WHERE pack = $1
  ORDER BY outcome, reason;
