-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.

DELETE FROM pack_files
  WHERE pack_id = $1;

DELETE FROM uploads
  WHERE id = ANY (ARRAY(SELECT id
  FROM uploads
  WHERE pack_id IS NULL AND expire_time < $1
  LIMIT $2 FOR UPDATE SKIP LOCKED));

INSERT INTO build_claims (audience, pack_id, id_kind, build_id, role, sha256, tenant) SELECT $1, $2, *
  FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
  ON CONFLICT DO NOTHING;

INSERT INTO namespaces (id, tenant, create_time)
  VALUES ($1, $2, $3)
  ON CONFLICT (id) DO NOTHING;

INSERT INTO pack_files (pack_id, tenant, position, path, sha256, size_bytes, format, role, gnu_build_id, go_build_id, has_debug_info) SELECT $1, $2, *
  FROM unnest($3::int[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bool[]);

INSERT INTO packs (id, name, namespace_id, tenant, kind, licence, visibility, state, findings, manifest_sha256, payload_digest, key_fingerprint, create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  ON CONFLICT (name, payload_digest)
  WHERE state <> 'rejected' DO NOTHING;

INSERT INTO publisher_keys (namespace_id, fingerprint, tenant, spki, create_time, expire_time)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT DO NOTHING;

INSERT INTO received_files (tenant, sha256, size_bytes, receive_time)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING;

INSERT INTO requests (tenant, request_id, request_sha256, answer, create_time)
  VALUES ($1, $2, $3, $4, $5);

INSERT INTO uploads (id, namespace_id, tenant, files, size_bytes, create_time, expire_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7);

SELECT (SELECT count(*)
  FROM uploads
  WHERE tenant = $1 AND pack_id IS NULL AND expire_time > $2) AS open, (SELECT COALESCE(sum(size_bytes), 0)
  FROM received_files
  WHERE tenant = $1) AS bytes;

SELECT count(*) AS count
  FROM namespaces
  WHERE tenant = $1;

SELECT f.pack_id, f.path, f.sha256, f.size_bytes, f.format, f.role, f.gnu_build_id, f.go_build_id, f.has_debug_info
  FROM pack_files f
  WHERE f.pack_id = ANY($1)
  ORDER BY f.pack_id, f.position;

SELECT f.pack_id, f.path, f.sha256, f.size_bytes, f.format, f.role, f.gnu_build_id, f.go_build_id, f.has_debug_info, p.publication, f.position, p.name AS pack, p.visibility, p.tenant
  FROM pack_files f
  JOIN packs p ON p.id = f.pack_id
  WHERE p.state = 'published' AND f.role IS NOT NULL AND p.publication >= $1 AND (p.publication, f.position) > ($1, $2)
  ORDER BY p.publication, f.position
  LIMIT $3;

SELECT id, namespace_id, tenant, files, create_time, expire_time, pack_id
  FROM uploads
  WHERE tenant = $1 AND id = $2;

SELECT id, tenant, create_time
  FROM namespaces
  WHERE id = $1;

SELECT id_kind, build_id, role, sha256, tenant
  FROM build_claims
  WHERE audience = $1 AND (id_kind, build_id) IN (SELECT *
  FROM unnest($2::text[], $3::text[]));

SELECT namespace_id, fingerprint, spki, create_time, expire_time, revoke_time
  FROM publisher_keys
  WHERE namespace_id = $1 AND fingerprint = $2;

SELECT namespace_id, fingerprint, spki, create_time, expire_time, revoke_time
  FROM publisher_keys
  WHERE namespace_id = $1 AND fingerprint = $2 FOR UPDATE;

SELECT namespace_id, fingerprint, spki, create_time, expire_time, revoke_time
  FROM publisher_keys
  WHERE namespace_id = $1
  ORDER BY create_time, fingerprint;

SELECT p.id, p.name, p.namespace_id, p.tenant, p.kind, p.licence, p.visibility, p.state, p.findings, p.manifest_sha256, p.payload_digest, p.key_fingerprint, p.create_time, p.publish_time
  FROM packs p
  WHERE (p.tenant = $1 OR (p.state = 'published' AND p.visibility = 'public')) AND ((p.name ILIKE ALL ($2::text[])) OR ($3::text IS NOT NULL AND EXISTS (SELECT 1
  FROM pack_files f
  WHERE f.pack_id = p.id AND (f.gnu_build_id = lower($3) OR f.go_build_id = $3)))) AND ($4::timestamptz IS NULL OR (p.create_time, p.id) < ($4, $5::uuid))
  ORDER BY p.create_time DESC, p.id DESC
  LIMIT $6;

SELECT p.id, p.name, p.namespace_id, p.tenant, p.kind, p.licence, p.visibility, p.state, p.findings, p.manifest_sha256, p.payload_digest, p.key_fingerprint, p.create_time, p.publish_time
  FROM packs p
  WHERE p.id = $1;

SELECT p.id, p.name, p.namespace_id, p.tenant, p.kind, p.licence, p.visibility, p.state, p.findings, p.manifest_sha256, p.payload_digest, p.key_fingerprint, p.create_time, p.publish_time
  FROM packs p
  WHERE p.id = $1 FOR UPDATE;

SELECT p.id, p.name, p.namespace_id, p.tenant, p.kind, p.licence, p.visibility, p.state, p.findings, p.manifest_sha256, p.payload_digest, p.key_fingerprint, p.create_time, p.publish_time
  FROM packs p
  WHERE p.name = $1 AND p.payload_digest = $2 AND p.state <> 'rejected';

SELECT p.id, p.name, p.namespace_id, p.tenant, p.kind, p.licence, p.visibility, p.state, p.findings, p.manifest_sha256, p.payload_digest, p.key_fingerprint, p.create_time, p.publish_time
  FROM packs p
  WHERE p.name = $1 AND p.state IN ('in-review', 'published', 'yanked', 'taken-down');

SELECT p.id, p.name, p.namespace_id, p.tenant, p.kind, p.licence, p.visibility, p.state, p.findings, p.manifest_sha256, p.payload_digest, p.key_fingerprint, p.create_time, p.publish_time
  FROM packs p
  WHERE p.name = $1
  ORDER BY (p.state IN ('in-review', 'published', 'yanked', 'taken-down')) DESC, p.create_time DESC, p.id
  LIMIT 1;

SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

SELECT pg_advisory_xact_lock(hashtextextended('marketplace publish', 0));

SELECT request_sha256 AS "requestSha256", answer
  FROM requests
  WHERE tenant = $1 AND request_id = $2;

SELECT s.sha256, s.size_bytes
  FROM pack_files s
  JOIN packs p ON p.id = s.pack_id
  WHERE s.path = $2 AND s.format = 'source' AND p.state = 'published' AND p.visibility = 'public' AND EXISTS (SELECT 1
  FROM pack_files f
  WHERE f.pack_id = p.id AND f.gnu_build_id = $1)
  ORDER BY p.publish_time, p.id
  LIMIT 1;

SELECT sha256
  FROM received_files
  WHERE tenant = $1 AND sha256 = ANY($2);

SELECT state, count(*) AS count
  FROM packs
  GROUP BY state;

UPDATE packs
  SET state = $2, findings = $3, publish_time = $4
  WHERE id = $1;

UPDATE publisher_keys
  SET revoke_time = $3, revoke_reason = $4
  WHERE namespace_id = $1 AND fingerprint = $2;

UPDATE uploads
  SET pack_id = $2
  WHERE id = $1;
