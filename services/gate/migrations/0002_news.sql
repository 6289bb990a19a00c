-- Verdicts say what their evaluation looked at, so that an earlier answer can be given without asking anybody.
ALTER TABLE verdicts
  DROP COLUMN witnesses_sha256,
  -- Digest of what the request's own digest leaves out: labels, resource, and on whose word the baseline is known.
  ADD COLUMN asked_sha256 text NOT NULL DEFAULT '',
  ADD COLUMN trust_root_sha256 text NOT NULL DEFAULT '',
  -- Everybody who was asked answered to the end.
  ADD COLUMN is_whole boolean NOT NULL DEFAULT false,
  ADD COLUMN start_time timestamptz NOT NULL DEFAULT 'epoch',
  -- What news would make another question of it, and the evidence that was looked at (digests of envelopes).
  ADD COLUMN subjects text[] NOT NULL DEFAULT '{}',
  ADD COLUMN considered text[] NOT NULL DEFAULT '{}',
  -- Why the caller took it back; the signed list has only a word for it.
  ADD COLUMN revoked_note text NOT NULL DEFAULT '';
DROP INDEX verdicts_of_candidate;
CREATE INDEX verdicts_of_candidate ON verdicts (tenant, candidate_sha256, issued_at DESC, id DESC);
DROP INDEX verdicts_listed;
CREATE INDEX verdicts_listed ON verdicts (tenant, issued_at DESC, id DESC);
CREATE INDEX verdicts_in_force ON verdicts (tenant, candidate_sha256, policy_id) WHERE revoked_at IS NULL;
CREATE INDEX verdicts_revoked ON verdicts (revoked_at, id) WHERE revoked_at IS NOT NULL;

-- Evidence that others announced, by what it is about.
CREATE TABLE news (
  tenant text NOT NULL,
  subject text NOT NULL,
  evidence text NOT NULL,
  time timestamptz NOT NULL,
  PRIMARY KEY (tenant, subject, evidence)
);
CREATE INDEX news_by_time ON news (time);

-- How far evaluations came. One that runs holds an advisory lock; a row that runs without it was killed and is taken up again.
CREATE TABLE evaluations (
  id uuid PRIMARY KEY,
  tenant text NOT NULL,
  request_digest text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  stage text NOT NULL,
  start_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  verdict_id text REFERENCES verdicts (id),
  failure_reason text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX evaluations_running ON evaluations (tenant, request_digest) WHERE state = 'running';
CREATE INDEX evaluations_by_time ON evaluations (update_time);

-- The list that was signed last. Its entries only grow, so that their number says whether it is up to date.
ALTER TABLE revocation_list
  ADD COLUMN entry_count integer NOT NULL DEFAULT 0,
  ADD COLUMN envelope_sha256 text NOT NULL DEFAULT '',
  ADD COLUMN signer text NOT NULL DEFAULT '',
  ADD COLUMN issued_at timestamptz NOT NULL DEFAULT 'epoch';
