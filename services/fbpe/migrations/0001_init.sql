-- The log's latest signed checkpoint. Writers hold the row's lock; it changes in the transaction of its tiles and entries.
CREATE TABLE log_heads (
  origin text PRIMARY KEY,
  checkpoint bytea NOT NULL,
  size bigint NOT NULL,
  root_hash bytea NOT NULL
);

-- Every checkpoint that was signed: a cosignature of an older one still counts.
CREATE TABLE log_checkpoints (
  origin text NOT NULL,
  size bigint NOT NULL,
  note bytea NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (origin, size)
);

CREATE TABLE log_tiles (
  origin text NOT NULL,
  path text NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (origin, path)
);

CREATE TABLE cosignatures (
  origin text NOT NULL,
  size bigint NOT NULL,
  key_fingerprint text NOT NULL,
  organisation text NOT NULL,
  same_operator boolean NOT NULL,
  -- The signature line of the note.
  line text NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (origin, size, key_fingerprint),
  FOREIGN KEY (origin, size) REFERENCES log_checkpoints (origin, size)
);

CREATE TABLE entries (
  origin text NOT NULL,
  entry_index bigint NOT NULL,
  tenant text NOT NULL,
  payload_digest text NOT NULL,
  envelope_sha256 text NOT NULL,
  predicate_type text NOT NULL,
  record bytea NOT NULL,
  log_time timestamptz NOT NULL,
  PRIMARY KEY (origin, entry_index),
  UNIQUE (tenant, payload_digest)
);

CREATE TABLE append_requests (
  tenant text NOT NULL,
  request_id uuid NOT NULL,
  payload_digest text NOT NULL,
  envelope_sha256 text NOT NULL,
  PRIMARY KEY (tenant, request_id)
);

CREATE TABLE peerings (
  id uuid PRIMARY KEY,
  tenant text NOT NULL,
  request_id uuid NOT NULL,
  request_sha256 text NOT NULL,
  organisation text NOT NULL,
  -- One follower and cosigner of a log in a node: two would not know what the other has seen.
  origin text NOT NULL UNIQUE,
  log_key text NOT NULL,
  cosigner_key text NOT NULL,
  evidence_keys bytea[] NOT NULL,
  grpc_address text NOT NULL,
  http_address text NOT NULL,
  same_operator boolean NOT NULL,
  development boolean NOT NULL,
  state text NOT NULL CHECK (state IN ('active', 'frozen')),
  frozen_reason text,
  seen_checkpoint bytea,
  verified_size bigint NOT NULL DEFAULT 0,
  last_pull_time timestamptz,
  UNIQUE (tenant, request_id)
);

-- What froze a peering, byte for byte.
CREATE TABLE misbehaviours (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant text NOT NULL,
  peering_id uuid NOT NULL REFERENCES peerings (id),
  reason text NOT NULL,
  -- Whether anyone can check it with the log's key alone.
  provable boolean NOT NULL,
  first_checkpoint bytea,
  second_checkpoint bytea NOT NULL,
  fork_root_hash bytea,
  fork_proof bytea[],
  facts jsonb NOT NULL,
  create_time timestamptz NOT NULL
);

CREATE TABLE foreign_checkpoints (
  peering_id uuid NOT NULL REFERENCES peerings (id),
  size bigint NOT NULL,
  -- With our cosignature.
  note bytea NOT NULL,
  PRIMARY KEY (peering_id, size)
);

CREATE TABLE foreign_entries (
  peering_id uuid NOT NULL REFERENCES peerings (id),
  entry_index bigint NOT NULL,
  tenant text NOT NULL,
  payload_digest text,
  predicate_type text NOT NULL,
  record bytea NOT NULL,
  -- The tree of the inclusion proof.
  tree_size bigint NOT NULL,
  -- Hashes of 32 bytes, one after the other.
  inclusion bytea NOT NULL,
  verify_time timestamptz NOT NULL,
  payload_state text NOT NULL CHECK (payload_state IN ('wanted', 'stored', 'erased', 'invalid', 'none')),
  envelope_sha256 text,
  -- The key of the peering that signed the envelope; null: none of them did, or there is none.
  signer_fingerprint text,
  check_state text NOT NULL CHECK (check_state IN ('none', 'due', 'done')),
  check_attempts integer NOT NULL DEFAULT 0,
  next_check_time timestamptz,
  PRIMARY KEY (peering_id, entry_index)
);
CREATE INDEX foreign_entries_wanted ON foreign_entries (peering_id, entry_index) WHERE payload_state = 'wanted';
CREATE INDEX foreign_entries_due ON foreign_entries (peering_id, next_check_time) WHERE check_state = 'due';
CREATE INDEX foreign_entries_by_payload ON foreign_entries (tenant, payload_digest);

CREATE TABLE entry_subjects (
  tenant text NOT NULL,
  subject_sha256 text NOT NULL,
  origin text NOT NULL,
  entry_index bigint NOT NULL,
  PRIMARY KEY (tenant, subject_sha256, origin, entry_index)
);

-- The latest word of each key about a payload, own and foreign.
CREATE TABLE cross_verifications (
  tenant text NOT NULL,
  payload_digest text NOT NULL,
  key_fingerprint text NOT NULL,
  organisation text NOT NULL,
  same_operator boolean NOT NULL,
  relation text NOT NULL,
  result text NOT NULL,
  method text NOT NULL,
  reason text,
  predicate_type text NOT NULL,
  envelope_sha256 text NOT NULL,
  -- Where it is logged.
  origin text NOT NULL,
  entry_index bigint NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, payload_digest, key_fingerprint)
);
