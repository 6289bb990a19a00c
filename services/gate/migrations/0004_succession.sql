-- The order in which evaluations began, over all processes: one that began earlier takes nobody's place who began later.
CREATE SEQUENCE evaluation_order;
ALTER TABLE evaluations ADD COLUMN began bigint NOT NULL DEFAULT 0;

ALTER TABLE verdicts
  ADD COLUMN began bigint NOT NULL DEFAULT 0,
  -- Of candidate, baseline, claims, policy's name and word for the baseline; empty in rows of the version before.
  ADD COLUMN question_sha256 text NOT NULL DEFAULT '',
  -- None in rows of the version before: as long as a verdict lasts.
  ADD COLUMN valid_until timestamptz,
  -- The verdict that took its place; whether it holds all the same `revoked_at` says.
  ADD COLUMN superseded_by text NOT NULL DEFAULT '',
  -- The ALLOW by which its baseline is known.
  ADD COLUMN baseline_verdict text NOT NULL DEFAULT '',
  -- Fingerprints of the keys that it rests on.
  ADD COLUMN signers text[] NOT NULL DEFAULT '{}',
  -- An entry about its candidate, question, policy or a key takes it back: it needs none of its own.
  ADD COLUMN is_covered boolean NOT NULL DEFAULT false;
CREATE INDEX verdicts_of_question ON verdicts (tenant, question_sha256, began DESC);
CREATE INDEX verdicts_on_baseline ON verdicts (tenant, baseline_verdict) WHERE revoked_at IS NULL AND baseline_verdict <> '';
CREATE INDEX verdicts_under_policy ON verdicts (tenant, policy_sha256) WHERE revoked_at IS NULL;
CREATE INDEX verdicts_by_signer ON verdicts USING gin (signers) WHERE revoked_at IS NULL;
CREATE INDEX verdicts_to_list ON verdicts (tenant, revoked_at) WHERE revoked_at IS NOT NULL AND NOT is_covered AND outcome <> 'DENY';

-- All that a tenant's list says. A DENY needs no entry: it says no by itself.
CREATE VIEW revocation_entries AS
  SELECT tenant, kind, id, reason, at FROM revocations
  UNION ALL
  SELECT tenant, 'verdict', id, revoked_reason, revoked_at FROM verdicts WHERE revoked_at IS NOT NULL AND NOT is_covered AND outcome <> 'DENY';

-- Which witnesses a verdict is about: the next release inherits them.
CREATE TABLE verdict_witnesses (
  verdict_id text NOT NULL REFERENCES verdicts (id),
  witness text NOT NULL,
  PRIMARY KEY (verdict_id, witness)
);

-- What speaks against a candidate, whoever asks: no later evaluation of it may overlook that.
CREATE TABLE refutations (
  tenant text NOT NULL,
  candidate_sha256 text NOT NULL,
  -- Digest of the envelope.
  evidence text NOT NULL,
  -- That fails on the candidate; empty: a partner found another delta.
  witness text NOT NULL,
  -- The delta proof, where a partner disagrees with it.
  payload_sha256 text NOT NULL,
  verdict_id text NOT NULL,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, candidate_sha256, evidence)
);
