-- The order of publications, so that every process of the service can read what came since it last looked. By a trigger,
-- so that the version of the service before this one keeps it too.
CREATE SEQUENCE pack_publications;
ALTER TABLE packs ADD COLUMN publication bigint;

UPDATE packs SET publication = numbered.publication
FROM (SELECT id, nextval('pack_publications') AS publication FROM (SELECT id FROM packs WHERE state = 'published' ORDER BY publish_time, id) AS published) AS numbered
WHERE packs.id = numbered.id;
CREATE UNIQUE INDEX packs_by_publication ON packs (publication) WHERE publication IS NOT NULL;

CREATE FUNCTION note_publication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.publication := nextval('pack_publications');
  PERFORM pg_notify('stella_publications_' || TG_TABLE_SCHEMA, '');
  RETURN NEW;
END
$$;
-- Publications wait for each other (`lockPublishing`): numbers are committed in their order.
CREATE TRIGGER packs_note_publication BEFORE INSERT OR UPDATE ON packs
  FOR EACH ROW WHEN (NEW.state = 'published' AND NEW.publication IS NULL) EXECUTE FUNCTION note_publication();
