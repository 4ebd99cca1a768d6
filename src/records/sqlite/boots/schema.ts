/** The schema of `boots.db`, one step a version, as that of `records.db` is. A boot is written often: what is searched is no part of its body. */
export const bootsMigrations: readonly string[] = [
  `
  CREATE TABLE boots (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    machine_id TEXT NOT NULL,
    at TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX boots_by_machine ON boots (machine_id);

  CREATE TABLE pending (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE AS (body ->> 'id')
  ) STRICT;
  `,
];
