-- Changes of one tenant's stacks are numbered in the order of their commits: writers hold the tenant's advisory lock.
CREATE SEQUENCE stack_revisions;

CREATE TABLE stacks (
  tenant text NOT NULL,
  id text NOT NULL CHECK (id ~ '^[0-9a-f]{64}$'),
  -- What was sent, scrubbed: everything else of a stack follows from it, the symbols and the normaliser's version.
  source_kind text NOT NULL CHECK (source_kind IN ('text', 'native-json')),
  source bytea NOT NULL,
  normaliser_version text NOT NULL,
  format text NOT NULL,
  language text NOT NULL,
  failure jsonb NOT NULL,
  raw_keys text[] NOT NULL,
  lines text[],
  truncated boolean NOT NULL,
  threads integer NOT NULL,
  rules jsonb NOT NULL,
  -- Said by who sent it; never by a match.
  incident text,
  matched_incident text,
  revision bigint NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX stacks_by_revision ON stacks (tenant, revision);
CREATE INDEX stacks_newest_first ON stacks (tenant, create_time DESC, id);
CREATE INDEX stacks_by_incident ON stacks (tenant, (COALESCE(incident, matched_incident)), create_time DESC, id);
CREATE INDEX stacks_by_version ON stacks (normaliser_version);

CREATE TABLE stack_frames (
  tenant text NOT NULL,
  stack_id text NOT NULL,
  position integer NOT NULL,
  key text,
  function_name text,
  module text,
  gnu_build_id text,
  module_offset text,
  file text,
  line integer,
  inlined boolean NOT NULL,
  trust text NOT NULL,
  role text NOT NULL,
  category text NOT NULL,
  repeated integer NOT NULL,
  rules text[] NOT NULL,
  normaliser_version text NOT NULL,
  PRIMARY KEY (tenant, stack_id, position),
  FOREIGN KEY (tenant, stack_id) REFERENCES stacks (tenant, id) ON DELETE CASCADE
);
CREATE INDEX stack_frames_without_name ON stack_frames (gnu_build_id, tenant, stack_id)
  WHERE function_name IS NULL AND gnu_build_id IS NOT NULL;

CREATE TABLE stack_fingerprints (
  tenant text NOT NULL,
  stack_id text NOT NULL,
  level text NOT NULL CHECK (level IN ('K0', 'K1', 'K2', 'K3', 'K4')),
  value text NOT NULL,
  normaliser_version text NOT NULL,
  PRIMARY KEY (tenant, stack_id, level),
  FOREIGN KEY (tenant, stack_id) REFERENCES stacks (tenant, id) ON DELETE CASCADE
);
CREATE INDEX stack_fingerprints_by_value ON stack_fingerprints (tenant, level, value);

-- What packs said about addresses; kept, so that a stack can be normalised again without asking anybody.
CREATE TABLE symbols (
  tenant text NOT NULL,
  gnu_build_id text NOT NULL,
  module_offset text NOT NULL,
  places jsonb NOT NULL,
  source_sha256 text NOT NULL,
  PRIMARY KEY (tenant, gnu_build_id, module_offset)
);

CREATE TABLE ingest_requests (
  tenant text NOT NULL,
  request_id uuid NOT NULL,
  request_sha256 text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, request_id)
);
