import { assetFields } from '../../boot/fields/asset.ts';
import { type Fields, searchable } from '../../boot/fields/field.ts';
import { machineFields } from '../../boot/fields/machine.ts';
import { profileFields } from '../../boot/fields/profile.ts';
import { uploadFields } from '../../boot/fields/upload.ts';

/** What the documents of each table are searched by. */
export const searchedTables: Readonly<Record<string, Fields>> = {
  machines: machineFields,
  profiles: profileFields,
  assets: assetFields,
  uploads: uploadFields,
};

/**
 * What makes those texts searchable that have no column yet: a column computed from the document, and its index. It changes no
 * document, and versions that know nothing of it read and write the file as before: so it is no step of the schema.
 */
export function missingColumns(
  tables: Readonly<Record<string, Fields>>,
  columnsOf: (table: string) => readonly string[],
): string {
  return Object.entries(tables)
    .flatMap(([table, fields]) => {
      const present = columnsOf(table);
      const texts = searchable(fields).filter(([, { kind }]) => kind === 'text');
      return texts
        .filter(([name]) => !present.includes(name))
        .map(
          ([name]) => `
  ALTER TABLE ${table} ADD COLUMN ${name} TEXT AS (body ->> '${name}');
  CREATE INDEX ${table}_by_${name} ON ${table} (${name}) WHERE ${name} IS NOT NULL;`,
        );
    })
    .join('');
}
