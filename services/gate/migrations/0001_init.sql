CREATE TABLE policies (
  id text NOT NULL,
  version integer NOT NULL,
  sha256 text NOT NULL,
  envelope_sha256 text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (id, version)
);

CREATE TABLE verdicts (
  id text PRIMARY KEY,
  tenant text NOT NULL,
  request_digest text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('ALLOW', 'REVIEW', 'DENY')),
  baseline_sha256 text NOT NULL,
  candidate_sha256 text NOT NULL,
  policy_id text NOT NULL,
  policy_sha256 text NOT NULL,
  -- What was considered: a new witness makes another question of the same request.
  witnesses_sha256 text NOT NULL,
  envelope_sha256 text NOT NULL,
  vsa_sha256 text NOT NULL,
  bundle_sha256 text NOT NULL,
  bundle_size_bytes bigint NOT NULL,
  evaluation_ms integer NOT NULL,
  supersedes text NOT NULL,
  issued_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_reason text NOT NULL DEFAULT ''
);
CREATE INDEX verdicts_of_request ON verdicts (tenant, request_digest, issued_at DESC);
CREATE INDEX verdicts_of_candidate ON verdicts (tenant, candidate_sha256, issued_at DESC, id);
CREATE INDEX verdicts_listed ON verdicts (tenant, issued_at DESC, id);

-- One row: each change of the revocations makes the next version of the signed list.
CREATE TABLE revocation_list (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  version bigint NOT NULL
);
INSERT INTO revocation_list (version) VALUES (1);
