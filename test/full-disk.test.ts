import { execFile } from 'node:child_process';
import { mkdir, open, readFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { askAdmin, expectStatus } from './support/broker.ts';
import { startChild, temporaryFolder } from './support/child.ts';
import { ask, until } from './support/http.ts';
import { command, needing, root } from './support/needs.ts';

const run = promisify(execFile);
const mib = 1024 ** 2;

needing(root, command('mount'))(
  'a disk that others fill is told by /readyz, a metric and the log; machines boot on, and it is over when there is room',
  async (t) => {
    const folder = await temporaryFolder(t);
    const data = join(folder, 'data');
    await mkdir(data);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'tmpfs', data]);
    t.teardown(() => run('umount', ['-l', data]));
    const child = await startChild(t, { folder, env: { BROKER_UNKNOWN_MACHINE: 'exit' } });
    const { boot, admin } = await child.ready;
    const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim();
    const asAdmin = (path: string, json?: unknown) => askAdmin(admin, token, `/api/v1/${path}`, json);
    const mac = '52:54:00:00:00:01';
    const { json } = expectStatus(await asAdmin('machines', { macs: [mac] }), 201);
    const readyz = async () => (await ask(boot, '/readyz')).json;
    /** Somebody reports: the disk is looked at when something is written. */
    const report = async () => (await ask(boot, `/report/up?mac=${mac}`)).status;
    const metric = async () =>
      /^bootbroker_records_disk_full (\d)$/m.exec((await ask(boot, '/metrics')).text)?.[1];
    t.deepEqual(await readyz(), { status: 'ok', records: 'ok', storage: 'ok' });
    t.is(await report(), 200);
    t.is(await metric(), '0');

    const ballast = await open(join(data, 'ballast'), 'w');
    const { bavail, bsize } = await statfs(data);
    await ballast.writeFile(Buffer.alloc(bavail * bsize - 3 * mib));
    await ballast.close();
    await until(async () => (await readyz()).disk === 'full');
    t.like(await readyz(), { status: 'degraded', records: 'ok', storage: 'ok' });
    t.is((await ask(boot, '/readyz')).status, 200, 'machines boot on');
    await until(async () => [200, 429].includes(await report()) && (await metric()) === '1');
    await until(() =>
      child
        .lines()
        .some(
          ({ severity, message }) =>
            severity === 'ERROR' && /disk of the records is full/.test(String(message)),
        ),
    );
    t.is((await ask(boot, '/boot.ipxe?mac=52:54:00:00:00:99', { userAgent: 'iPXE/2.0' })).status, 200);
    const revoked = await askAdmin(admin, token, `/api/v1/machines/${json.id}`, undefined, {
      method: 'DELETE',
    });
    t.is(revoked.status, 204, 'an administrator can still delete');

    await rm(join(data, 'ballast'));
    await until(async () => (await readyz()).status === 'ok');
  },
);
