import { machineFields } from '../../boot/fields/machine.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import type { ProfileRevision } from '../../boot/profile.ts';
import type { MachineRecords, MachineSearch } from '../records.ts';
import { searched } from './search.ts';
import { documents, only, pageOf, type Sql } from './sql.ts';

/** Machines, and the profile revisions that they point to. */
export function machineRecords(sql: Sql): MachineRecords {
  const byId = (id: string) => only<Machine>(sql, 'SELECT body FROM machines WHERE id = ?', id);
  const byMac = (mac: string) =>
    only<Machine>(sql, 'SELECT body FROM machines JOIN macs ON machine_id = id WHERE mac = ?', mac);
  const byUuid = (uuid: string) =>
    only<Machine>(sql, 'SELECT body FROM machines WHERE uuid = ? LIMIT 2', uuid);
  const bySerial = (serial: string) =>
    only<Machine>(sql, 'SELECT body FROM machines WHERE serial = ? LIMIT 2', serial);

  return {
    machine: (id) => sql.read('reading a machine', () => byId(id)),
    findMachine: ({ mac, uuid, serial }) =>
      sql.read(
        'finding a machine',
        () => (mac && byMac(mac)) || (uuid && byUuid(uuid)) || (serial && bySerial(serial)) || undefined,
      ),
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
