CREATE TABLE incidents (
  tenant text NOT NULL,
  id text NOT NULL,
  title text NOT NULL,
  exit_code integer NOT NULL CHECK (exit_code BETWEEN 0 AND 255),
  -- NULL: any output will do.
  stdout_sha256 text CHECK (stdout_sha256 ~ '^[0-9a-f]{64}$'),
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX incidents_newest_first ON incidents (tenant, create_time DESC, id);

CREATE TABLE witnesses (
  tenant text NOT NULL,
  id text NOT NULL CHECK (id ~ '^[0-9a-f]{64}$'),
  incident_id text NOT NULL,
  artifact_sha256 text NOT NULL,
  canonicaliser text NOT NULL,
  determinism text NOT NULL,
  determinism_reason text NOT NULL,
  isolation text NOT NULL,
  evidence_sha256 text NOT NULL,
  stack_format text,
  stack bytea,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, incident_id) REFERENCES incidents (tenant, id),
  CHECK ((stack IS NULL) = (stack_format IS NULL))
);
CREATE INDEX witnesses_newest_first ON witnesses (tenant, create_time DESC, id);
CREATE INDEX witnesses_by_incident ON witnesses (tenant, incident_id, create_time DESC, id);

-- The work of making a witness; several may lead to one witness.
CREATE TABLE recordings (
  tenant text NOT NULL,
  id uuid NOT NULL,
  key text NOT NULL,
  draft jsonb NOT NULL,
  canonicaliser text NOT NULL,
  isolation text NOT NULL,
  expected_cap text,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  witness_id text,
  failure_reason text,
  failure_detail text,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, id),
  CHECK ((state = 'done') = (witness_id IS NOT NULL)),
  CHECK ((state = 'failed') = (failure_reason IS NOT NULL))
);
CREATE INDEX recordings_by_key ON recordings (tenant, key, create_time DESC) WHERE state <> 'failed';

-- One current row for everything that a result depends on: the cache, and the work that fills it.
CREATE TABLE verifications (
  tenant text NOT NULL,
  id text NOT NULL CHECK (id ~ '^[0-9a-f]{64}$'),
  witness_id text NOT NULL,
  artifact_sha256 text NOT NULL,
  replays_requested integer NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  replay_id uuid NOT NULL,
  failure_reason text,
  failure_detail text,
  outcome text,
  replays integer,
  successes integer,
  success_lower_bound_ppm integer,
  canonical_variance integer,
  raw_variance integer,
  cap_hit text,
  evidence_sha256 text,
  create_time timestamptz NOT NULL,
  expire_time timestamptz,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, witness_id) REFERENCES witnesses (tenant, id),
  CHECK ((state = 'done') = (outcome IS NOT NULL AND evidence_sha256 IS NOT NULL AND expire_time IS NOT NULL)),
  CHECK (state <> 'failed' OR failure_reason IS NOT NULL)
);

-- Runs that a worker was asked for. Ended once: by the first answer, or by the deadline.
CREATE TABLE replays (
  tenant text NOT NULL,
  id uuid NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('recording', 'verification', 'reexecution')),
  subject_id text NOT NULL,
  runs integer NOT NULL,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'answered', 'expired')),
  deadline timestamptz NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX replays_running ON replays (tenant) WHERE state = 'running';
CREATE INDEX replays_by_deadline ON replays (deadline) WHERE state = 'running';

CREATE TABLE requests (
  tenant text NOT NULL,
  request_id uuid NOT NULL,
  request_sha256 text NOT NULL,
  resource text NOT NULL,
  cached boolean NOT NULL,
  create_time timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, request_id)
);
