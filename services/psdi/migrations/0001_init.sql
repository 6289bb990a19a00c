CREATE TABLE artifacts (
  tenant text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint NOT NULL,
  label text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, sha256)
);

-- What a lift gave. json and not jsonb: names from hostile files may hold characters that jsonb refuses.
CREATE TABLE indexes (
  tenant text NOT NULL,
  artifact_sha256 text NOT NULL,
  lifter_sha256 text NOT NULL,
  -- The signed predicate: root, sums, totals, toolchain, digest of the side records.
  predicate json NOT NULL,
  -- Counts by kind and module paths, which no statement holds.
  summary json NOT NULL,
  set_sha256 text NOT NULL,
  envelope_sha256 text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, artifact_sha256, lifter_sha256),
  FOREIGN KEY (tenant, artifact_sha256) REFERENCES artifacts (tenant, sha256)
);

-- The functions of an artifact by its newest lift.
CREATE TABLE functions (
  tenant text NOT NULL,
  artifact_sha256 text NOT NULL,
  position integer NOT NULL,
  unit_id text NOT NULL,
  name text NOT NULL,
  e1 bytea NOT NULL,
  e2 bytea,
  size_bytes bigint NOT NULL,
  PRIMARY KEY (tenant, artifact_sha256, position),
  FOREIGN KEY (tenant, artifact_sha256) REFERENCES artifacts (tenant, sha256)
);
CREATE INDEX functions_by_e1 ON functions (tenant, e1, artifact_sha256, position);
CREATE INDEX functions_by_e2 ON functions (tenant, e2, artifact_sha256, position) WHERE e2 IS NOT NULL;
-- Names are longer than an index entry may be.
CREATE INDEX functions_by_name ON functions (tenant, hashtextextended(name, 0), artifact_sha256, position);

CREATE TABLE deltas (
  tenant text NOT NULL,
  id text NOT NULL CHECK (id ~ '^[0-9a-f]{64}$'),
  baseline_sha256 text NOT NULL,
  candidate_sha256 text NOT NULL,
  lifter_sha256 text NOT NULL,
  counts json NOT NULL,
  proof_sha256 text NOT NULL,
  scope_sha256 text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, baseline_sha256, lifter_sha256) REFERENCES indexes (tenant, artifact_sha256, lifter_sha256),
  FOREIGN KEY (tenant, candidate_sha256, lifter_sha256) REFERENCES indexes (tenant, artifact_sha256, lifter_sha256)
);

CREATE TABLE delta_units (
  tenant text NOT NULL,
  delta_id text NOT NULL,
  -- In the order of the proof: by unit id.
  position integer NOT NULL,
  unit_id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  change text NOT NULL,
  baseline_size_bytes bigint NOT NULL,
  candidate_size_bytes bigint NOT NULL,
  PRIMARY KEY (tenant, delta_id, position),
  FOREIGN KEY (tenant, delta_id) REFERENCES deltas (tenant, id)
);
CREATE INDEX delta_units_by_kind ON delta_units (tenant, delta_id, kind, position);

CREATE TABLE create_requests (
  tenant text NOT NULL,
  request_id uuid NOT NULL,
  request_sha256 text NOT NULL,
  -- The lifter of the index, or the id of the delta, that was the answer.
  answer text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, request_id)
);

-- What became of the files of published packs.
CREATE TABLE pack_files (
  tenant text NOT NULL,
  pack text NOT NULL,
  sha256 text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('indexed', 'skipped', 'refused')),
  reason text NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, pack, sha256)
);
