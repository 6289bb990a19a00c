CREATE TABLE namespaces (
  id text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{1,62}$'),
  tenant text NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX namespaces_by_tenant ON namespaces (tenant);

CREATE TABLE publisher_keys (
  namespace_id text NOT NULL REFERENCES namespaces,
  fingerprint text NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  tenant text NOT NULL,
  spki bytea NOT NULL,
  create_time timestamptz NOT NULL,
  expire_time timestamptz,
  revoke_time timestamptz,
  revoke_reason text,
  PRIMARY KEY (namespace_id, fingerprint)
);

-- A digest alone gives nobody the bytes: a tenant need not send what it has sent before, and nothing else.
CREATE TABLE received_files (
  tenant text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  receive_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, sha256)
);

CREATE TABLE packs (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  namespace_id text NOT NULL REFERENCES namespaces,
  tenant text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('symbols', 'harness')),
  licence text NOT NULL,
  -- `public` or `tenant`; anything else is rejected by the checks.
  visibility text NOT NULL,
  state text NOT NULL CHECK (state IN ('validating', 'in-review', 'rejected', 'published', 'yanked', 'taken-down')),
  findings jsonb NOT NULL DEFAULT '[]',
  -- Of the envelope as a blob, and of the statement that it signs.
  manifest_sha256 text NOT NULL CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'),
  payload_digest text NOT NULL CHECK (payload_digest ~ '^[0-9a-f]{64}$'),
  key_fingerprint text NOT NULL,
  create_time timestamptz NOT NULL,
  publish_time timestamptz,
  CHECK ((state = 'published') <= (publish_time IS NOT NULL))
);
-- A version is one content for good; what was rejected never was a version.
CREATE UNIQUE INDEX packs_one_live_version ON packs (name) WHERE state IN ('in-review', 'published', 'yanked', 'taken-down');
CREATE UNIQUE INDEX packs_one_by_content ON packs (name, payload_digest) WHERE state <> 'rejected';
CREATE INDEX packs_by_name ON packs (name, create_time DESC);
CREATE INDEX packs_newest_first ON packs (create_time DESC, id DESC);
CREATE INDEX packs_of_tenant_newest_first ON packs (tenant, create_time DESC, id DESC);

CREATE TABLE pack_files (
  pack_id uuid NOT NULL REFERENCES packs ON DELETE CASCADE,
  position integer NOT NULL,
  tenant text NOT NULL,
  path text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  format text NOT NULL,
  -- As read from the file itself; null where nothing was read.
  role text CHECK (role IN ('executable', 'debuginfo', 'full')),
  gnu_build_id text,
  go_build_id text,
  has_debug_info boolean NOT NULL,
  PRIMARY KEY (pack_id, position),
  UNIQUE (pack_id, path)
);
CREATE INDEX pack_files_by_gnu_build_id ON pack_files (gnu_build_id) WHERE gnu_build_id IS NOT NULL;
CREATE INDEX pack_files_by_go_build_id ON pack_files (go_build_id) WHERE go_build_id IS NOT NULL;

-- The same build id always means the same bytes, to everybody of one audience: `public`, or one tenant.
CREATE TABLE build_claims (
  audience text NOT NULL,
  id_kind text NOT NULL CHECK (id_kind IN ('gnu-build-id', 'go-build-id')),
  build_id text NOT NULL,
  role text NOT NULL CHECK (role IN ('executable', 'debuginfo', 'full')),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  tenant text NOT NULL,
  pack_id uuid NOT NULL REFERENCES packs,
  PRIMARY KEY (audience, id_kind, build_id, role)
);

CREATE TABLE uploads (
  id uuid PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces,
  tenant text NOT NULL,
  files jsonb NOT NULL,
  size_bytes bigint NOT NULL,
  create_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,
  pack_id uuid REFERENCES packs
);
CREATE INDEX uploads_open ON uploads (tenant, expire_time) WHERE pack_id IS NULL;

-- Which request gave which answer.
CREATE TABLE requests (
  tenant text NOT NULL,
  request_id uuid NOT NULL,
  request_sha256 text NOT NULL,
  answer text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, request_id)
);
