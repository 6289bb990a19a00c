-- When an incident got its first witness, and when a build was first shown to be free of it.
ALTER TABLE incidents
  ADD COLUMN witness_time timestamptz,
  ADD COLUMN fix_time timestamptz;
UPDATE incidents i SET witness_time = (SELECT min(w.create_time) FROM witnesses w WHERE w.tenant = i.tenant AND w.incident_id = i.id);
CREATE INDEX incidents_without_witness ON incidents (create_time) WHERE witness_time IS NULL;
CREATE INDEX incidents_without_fix ON incidents (create_time) WHERE fix_time IS NULL;
