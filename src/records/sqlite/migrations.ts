/**
 * The schema, one step a version (`PRAGMA user_version`). A step that was released never changes; a change is a new step.
 * A document is the JSON in `body`; what is searched for is computed from it, so that the two cannot disagree.
 * `seq` is the order of creation and never used twice.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE machines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id'),
    uuid TEXT AS (body ->> 'uuid'),
    serial TEXT AS (body ->> 'serial')
  ) STRICT;
  CREATE INDEX machines_by_uuid ON machines (uuid) WHERE uuid IS NOT NULL;
  CREATE INDEX machines_by_serial ON machines (serial) WHERE serial IS NOT NULL;

  CREATE TABLE macs (
    mac TEXT PRIMARY KEY,
    machine_id TEXT NOT NULL REFERENCES machines (id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE profiles (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id'),
    name TEXT NOT NULL AS (body ->> 'name')
  ) STRICT;
  CREATE INDEX profiles_by_name ON profiles (name);

  CREATE TABLE assets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id'),
    kind TEXT NOT NULL AS (body ->> 'kind'),
    name TEXT NOT NULL AS (body ->> 'name'),
    version TEXT NOT NULL AS (body ->> 'version'),
    arch TEXT NOT NULL AS (body ->> 'arch'),
    state TEXT NOT NULL AS (body ->> 'state'),
    upload_id TEXT NOT NULL AS (body ->> 'upload_id'),
    UNIQUE (name, version, arch, kind)
  ) STRICT;

  CREATE TABLE uploads (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id'),
    asset_id TEXT NOT NULL REFERENCES assets (id) AS (body ->> 'asset_id')
  ) STRICT;

  CREATE TABLE boot_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id'),
    machine_id TEXT NOT NULL AS (body ->> 'machine_id'),
    stage TEXT NOT NULL AS (body ->> 'stage')
  ) STRICT;
  CREATE INDEX boot_events_by_machine ON boot_events (machine_id);
  CREATE INDEX boot_events_by_stage ON boot_events (machine_id, stage);
  `,
  `
  UPDATE machines SET body = json_set(body, '$.version', 1);

  CREATE TABLE rules (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id')
  ) STRICT;

  CREATE TABLE tokens (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id')
  ) STRICT;

  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE pending (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id'),
    last_seen TEXT NOT NULL AS (body ->> 'last_seen')
  ) STRICT;
  CREATE INDEX pending_by_last_seen ON pending (last_seen);
  `,
  `
  ALTER TABLE uploads ADD COLUMN state TEXT AS (body ->> 'state');
  CREATE INDEX uploads_by_state ON uploads (state);
  UPDATE uploads SET body = json_set(body, '$.mode', 'signed') WHERE body ->> 'mode' IS NULL;
  `,
  // An asset may have a filename, and be unique by that as well. SQLite changes no constraint of a table, so it is made anew; that
  // its uploads refer to it is looked at when the step is done. No `seq` is used twice, even of an asset that is gone.
  `
  PRAGMA defer_foreign_keys = ON;
  CREATE TEMP TABLE kept_assets AS SELECT seq, body FROM assets;
  CREATE TEMP TABLE kept_seq AS SELECT seq FROM sqlite_sequence WHERE name = 'assets';
  DROP TABLE assets;
  CREATE TABLE assets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id'),
    kind TEXT NOT NULL AS (body ->> 'kind'),
    name TEXT NOT NULL AS (body ->> 'name'),
    version TEXT NOT NULL AS (body ->> 'version'),
    arch TEXT NOT NULL AS (body ->> 'arch'),
    filename TEXT NOT NULL AS (coalesce(body ->> 'filename', '')),
    state TEXT NOT NULL AS (body ->> 'state'),
    upload_id TEXT NOT NULL AS (body ->> 'upload_id'),
    UNIQUE (name, version, arch, kind, filename)
  ) STRICT;
  INSERT INTO assets (seq, body) SELECT seq, body FROM kept_assets ORDER BY seq;
  DELETE FROM sqlite_sequence WHERE name = 'assets';
  INSERT INTO sqlite_sequence (name, seq) SELECT 'assets', seq FROM kept_seq;
  DROP TABLE kept_assets;
  DROP TABLE kept_seq;
  `,
];
