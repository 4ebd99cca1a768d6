import { machineFields } from '../../boot/fields/machine.ts';
import { type CalledBy, foundAtOnce } from '../../boot/machine/find-machine.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import type { ProfileRevision } from '../../boot/profile.ts';
import type { MachineRecords, MachineSearch } from '../records.ts';
import { searched } from './search.ts';
import { documents, only, pageOf, type Sql } from './sql.ts';

/** Two tell that a UUID or a serial is nobody's own. */
const calledBy = {
  mac: 'SELECT body FROM machines JOIN macs ON machine_id = id WHERE mac = ?',
  uuid: 'SELECT body FROM machines WHERE uuid = ? LIMIT 2',
  serial: 'SELECT body FROM machines WHERE serial = ? LIMIT 2',
};

/** Machines, and the profile revisions that they point to. */
export function machineRecords(sql: Sql): MachineRecords {
  const byId = (id: string) => only<Machine>(sql, 'SELECT body FROM machines WHERE id = ?', id);
  const machinesWith = (called: CalledBy) =>
    Object.entries(called).flatMap(([by, value]) =>
      documents<Machine>(sql, calledBy[by as keyof typeof calledBy], value),
    );

  return {
    machine: (id) => sql.read('reading a machine', () => byId(id)),
    findMachine: (identity) => sql.read('finding a machine', () => foundAtOnce(identity, machinesWith)),
    listMachines: (page, search) =>
      sql.read('listing machines', () => pageOf<Machine>(sql, 'machines', conditions(search), page)),

    profile: (id) =>
      sql.read('reading a profile', () =>
        only<ProfileRevision>(sql, 'SELECT body FROM profiles WHERE id = ?', id),
      ),
    newestProfile: (name) =>
      sql.read(
        'reading the newest profile',
        () =>
          documents<ProfileRevision>(
            sql,
            'SELECT body FROM profiles WHERE name = ? ORDER BY seq DESC LIMIT 1',
            name,
          )[0],
      ),
    listProfiles: (page, name) =>
      sql.read('listing profiles', () => pageOf<ProfileRevision>(sql, 'profiles', { name }, page)),
  };
}

/** Each MAC is in a table of its own. */
function conditions({ mac, ...others }: MachineSearch = {}): Record<string, string | undefined> {
  return {
    'id = (SELECT machine_id FROM macs WHERE mac = ?)': mac,
    ...searched(machineFields, others),
  };
}
