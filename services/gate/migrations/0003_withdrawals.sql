-- What people took back and reinstated: signed statements, in the order in which they were said about a thing.
CREATE TABLE withdrawals (
  tenant text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('candidate', 'key', 'policy')),
  id text NOT NULL,
  sequence integer NOT NULL,
  standing text NOT NULL CHECK (standing IN ('withdrawn', 'reinstated')),
  reason text NOT NULL,
  -- Free text; stays with the tenant.
  note text NOT NULL,
  said_by text NOT NULL,
  said_at timestamptz NOT NULL,
  verdict_id text NOT NULL,
  envelope_sha256 text NOT NULL,
  payload_sha256 text NOT NULL,
  PRIMARY KEY (tenant, kind, id, sequence)
);
CREATE INDEX withdrawals_listed ON withdrawals (tenant, said_at DESC, payload_sha256 DESC);

-- Entries of the tenants' revocation lists, beside those about single verdicts. Of a candidate or question: what was
-- decided before `at`.
CREATE TABLE revocations (
  tenant text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('candidate', 'question', 'key', 'policy')),
  id text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, kind, id)
);

-- Each tenant's list that was signed last, with a digest of what it says.
CREATE TABLE revocation_lists (
  tenant text PRIMARY KEY,
  version bigint NOT NULL,
  entries_digest text NOT NULL DEFAULT '',
  -- Entries before it are not looked at any more: what they are about has ended.
  forgotten_before timestamptz NOT NULL DEFAULT 'epoch',
  envelope_sha256 text NOT NULL DEFAULT '',
  signer text NOT NULL DEFAULT '',
  issued_at timestamptz NOT NULL DEFAULT 'epoch'
);
