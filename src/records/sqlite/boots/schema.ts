/** The schema of `boots.db`, one step a version, as that of `records.db` is. */
export const bootsMigrations: readonly string[] = [
  `
  CREATE TABLE boots (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id'),
    machine_id TEXT NOT NULL AS (body ->> 'machine_id'),
    at TEXT NOT NULL AS (body ->> 'at')
  ) STRICT;
  CREATE INDEX boots_by_machine ON boots (machine_id);

  CREATE TABLE pending (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id')
  ) STRICT;
  `,
];
