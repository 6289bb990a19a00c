-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

DELETE FROM stack_fingerprints
  WHERE tenant = $1 AND stack_id = $2;

DELETE FROM stack_frames
  WHERE tenant = $1 AND stack_id = $2;

INSERT INTO ingest_requests (tenant, request_id, request_sha256, create_time)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING;

INSERT INTO stacks (tenant, id, normaliser_version, format, language, failure, raw_keys, lines, truncated, threads, rules, source_kind, source, incident, create_time, revision)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, nextval('stack_revisions'));

INSERT INTO symbols (tenant, gnu_build_id, module_offset, places, source_sha256) SELECT $1, s.*
  FROM jsonb_to_recordset($2) AS s(gnu_build_id text, module_offset text, places jsonb, source_sha256 text)
  ON CONFLICT (tenant, gnu_build_id, module_offset) DO UPDATE
  SET places = EXCLUDED.places, source_sha256 = EXCLUDED.source_sha256;

SELECT DISTINCT tenant
  FROM stacks
  ORDER BY tenant;

SELECT DISTINCT tenant, stack_id AS id
  FROM stack_frames
  WHERE function_name IS NULL AND gnu_build_id = ANY($1) AND (tenant, stack_id) > ($2, $3)
  ORDER BY tenant, stack_id
  LIMIT $4;

SELECT id, incident, matched_incident
  FROM stacks
  WHERE tenant = $1 AND id = ANY($2);

SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

SELECT request_sha256
  FROM ingest_requests
  WHERE tenant = $1 AND request_id = $2;

SELECT s.gnu_build_id, s.module_offset, s.places, s.source_sha256
  FROM unnest($2::text[], $3::text[]) AS wanted(gnu_build_id, module_offset)
  JOIN symbols s ON s.tenant = $1 AND s.gnu_build_id = wanted.gnu_build_id AND s.module_offset = wanted.module_offset;

SELECT s.tenant, s.id, s.normaliser_version, s.format, s.language, s.failure, s.raw_keys, s.lines, s.truncated, s.threads, s.rules, s.incident, s.matched_incident, s.revision, s.create_time, COALESCE((SELECT jsonb_agg(to_jsonb(f)
  ORDER BY f.position)
  FROM stack_frames f
  WHERE f.tenant = s.tenant AND f.stack_id = s.id), '[]') AS frames
  FROM stacks s
  WHERE s.tenant = $1 AND ($2::text IS NULL OR COALESCE(s.incident, s.matched_incident) = $2) AND ($3::timestamptz IS NULL OR s.create_time < $3 OR (s.create_time = $3 AND s.id > $4))
  ORDER BY s.create_time DESC, s.id
  LIMIT $5;

SELECT s.tenant, s.id, s.normaliser_version, s.format, s.language, s.failure, s.raw_keys, s.lines, s.truncated, s.threads, s.rules, s.incident, s.matched_incident, s.revision, s.create_time, COALESCE((SELECT jsonb_agg(to_jsonb(f)
  ORDER BY f.position)
  FROM stack_frames f
  WHERE f.tenant = s.tenant AND f.stack_id = s.id), '[]') AS frames
  FROM stacks s
  WHERE s.tenant = $1 AND s.id = $2;

SELECT s.tenant, s.id, s.normaliser_version, s.format, s.language, s.failure, s.raw_keys, s.lines, s.truncated, s.threads, s.rules, s.incident, s.matched_incident, s.revision, s.create_time, COALESCE((SELECT jsonb_agg(to_jsonb(f)
  ORDER BY f.position)
  FROM stack_frames f
  WHERE f.tenant = s.tenant AND f.stack_id = s.id), '[]') AS frames
  FROM stacks s
  WHERE s.tenant = $1 AND s.revision > $2
  ORDER BY s.revision
  LIMIT $3;

SELECT source_kind, source
  FROM stacks
  WHERE tenant = $1 AND id = $2;

SELECT tenant, id
  FROM stacks
  WHERE normaliser_version <> $1
  LIMIT $2;

UPDATE stacks
  SET (normaliser_version, format, language, failure, raw_keys, lines, truncated, threads, rules, revision) = ($3, $4, $5, $6, $7, $8, $9, $10, $11, nextval('stack_revisions'))
  WHERE tenant = $1 AND id = $2;

UPDATE stacks
  SET incident = $3, revision = nextval('stack_revisions')
  WHERE tenant = $1 AND id = $2;

UPDATE stacks
  SET matched_incident = $3, revision = nextval('stack_revisions')
  WHERE tenant = $1 AND id = $2;

WITH frames AS ( INSERT INTO stack_frames (tenant, stack_id, normaliser_version, position, key, function_name, module, gnu_build_id, module_offset, file, line, inlined, trust, role, category, repeated, rules) SELECT $1, $2, $3, f.*
  FROM jsonb_to_recordset($4) AS f( position integer, key text, function_name text, module text, gnu_build_id text, module_offset text, file text, line integer, inlined boolean, trust text, role text, category text, repeated integer, rules text[])) INSERT INTO stack_fingerprints (tenant, stack_id, normaliser_version, level, value) SELECT $1, $2, $3, key, value
  FROM jsonb_each_text($5);
