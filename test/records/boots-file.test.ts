import { execFile } from 'node:child_process';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { StoreDown } from '../../src/boot/store-down.ts';
import { openSqlite, type SqliteOptions } from '../../src/records/sqlite/sqlite.ts';
import { until } from '../support/http.ts';
import { command, needing, root } from '../support/needs.ts';
import { at, bootEntry, machine, newId, token } from './examples.ts';
import { tempFile } from './temp-file.ts';
import { createMachine } from './writing.ts';

function opened(t: ExecutionContext, file: string, options?: SqliteOptions) {
  const records = openSqlite(file, options);
  t.teardown(() => records.close());
  return records;
}

const day = 24 * 3600;

test('what boots write, records.db never sees: only administrators and jobs change it', async (t) => {
  const file = await tempFile(t);
  const records = opened(t, file);
  const watcher = new DatabaseSync(file);
  t.teardown(() => watcher.close());
  const version = () => watcher.prepare('PRAGMA data_version').get()?.data_version;
  const before = version();
  await records.addBootEntry(bootEntry());
  await records.updatePending([]);
  await records.expireBoots?.(new Date(at(1)));
  t.is(version(), before);
  await createMachine(records, machine());
  t.not(version(), before);
});

test('boots.db is its owner’s alone', async (t) => {
  const file = await tempFile(t);
  await opened(t, file).addBootEntry(bootEntry());
  const boots = join(dirname(file), 'boots.db');
  for (const one of [boots, `${boots}-wal`]) t.is((await stat(one)).mode & 0o777, 0o600, one);
});

test('boots are kept for so many days, and no longer', async (t) => {
  const records = opened(t, await tempFile(t), { bootsKeepDays: 2 });
  for (const [machine_id, days] of [
    ['a', 0],
    ['b', 1],
    ['c', 3],
  ] as const)
    await records.addBootEntry(bootEntry({ machine_id, at: at(days * day) }));
  const kept = async () =>
    (await records.listBoots(undefined, { limit: 10 })).items.map((boot) => boot.machine_id);
  t.deepEqual(await kept(), ['b', 'c'], 'a boot that begins takes the outdated with it');
  await records.expireBoots?.(new Date(at(4 * day)));
  t.deepEqual(await kept(), []);
});

test('a room of 16 machines that boots for 24 hours leaves the file at a constant size', async (t) => {
  const file = await tempFile(t);
  const records = opened(t, file, { bootsKeepDays: 1 });
  const boots = join(dirname(file), 'boots.db');
  const machines = Array.from({ length: 16 }, () => newId());
  /** Each machine boots twice an hour: a script, a kernel, two initrds, and says that it is up. */
  const hour = async (n: number) => {
    for (const half of [0, 1800]) {
      const all = machines.map(async (machine_id) => {
        const when = (seconds: number) => at(n * 3600 + half + seconds);
        const begins = bootEntry({ machine_id, revision: 'r', at: when(0) });
        await records.addBootEntry(begins);
        const boot = begins.fresh;
        for (const detail of ['kernel', 'initrd 1', 'initrd 2'])
          await records.addBootEntry(
            bootEntry({ machine_id, boot, revision: 'r', stage: 'asset', detail, at: when(5) }),
          );
        await records.addBootEntry(bootEntry({ machine_id, stage: 'up', detail: 'Linux 6.1', at: when(60) }));
      });
      await Promise.all(all);
    }
  };
  const size = async () => {
    const reader = new DatabaseSync(boots);
    reader.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    reader.close();
    return (await stat(boots)).size;
  };
  for (let n = 0; n < 26; n += 1) await hour(n);
  const full = await size();
  for (let n = 26; n < 50; n += 1) await hour(n);
  const after = await size();
  t.true(after > full * 0.95 && after < full * 1.05, `${full} bytes, and a day later ${after}`);
  t.is((await records.listBoots(undefined, { limit: 1000 })).items.length, 16 * 2 * 24 + 16);
});

test('a thread that dies fails what it was told, and the next task starts another', async (t) => {
  const file = await tempFile(t);
  const records = opened(t, file);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    join(dirname(file), 'boots.db'),
    'this is no database at all, but long enough to be read as one',
  );
  await t.throwsAsync(records.addBootEntry(bootEntry()), {
    instanceOf: StoreDown,
    message: /boots\.db|not a database/,
  });
  await writeFile(join(dirname(file), 'boots.db'), '');
  await records.addBootEntry(bootEntry());
  t.is((await records.listBoots(undefined, { limit: 10 })).items.length, 1);
});

test('an entry that comes while the store closes is on disk when it is said to be', async (t) => {
  const file = await tempFile(t);
  const first = openSqlite(file);
  await first.addBootEntry(bootEntry());
  await first.listBoots(undefined, { limit: 1 }); // it is open to read, too
  const entries = Array.from({ length: 50 }, (_, n) => bootEntry({ machine_id: `m${n}` }));
  const written = entries.map((entry) => first.addBootEntry(entry));
  await first.close();
  const outcomes = await Promise.allSettled(written);
  t.true(outcomes.every(({ status }) => status === 'fulfilled'));
  t.deepEqual(
    (await readdir(dirname(file))).toSorted(),
    ['boots.db', 'records.db'],
    'no log is left beside them',
  );
  t.is((await opened(t, file).listBoots(undefined, { limit: 100 })).items.length, 51);
});

needing(root, command('mount'))(
  'boots that fill a small disk leave room to revoke and delete, and the newest are kept',
  async (t) => {
    const run = promisify(execFile);
    const file = await tempFile(t);
    const folder = dirname(file);
    await mkdir(folder, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', 'size=14m', 'tmpfs', folder]);
    const states: string[] = [];
    const records = openSqlite(file, { onDisk: (state) => states.push(state) });
    t.teardown(async () => {
      await records.close();
      await run('umount', ['-l', folder]);
    });
    const leaked = token();
    const known = machine();
    t.is(await records.write([{ kind: 'token', id: leaked.id, expected: 0, to: leaked }]), 'written');
    await createMachine(records, known);
    const detail = (n: number) => String(n).padEnd(2000, 'x');
    for (let group = 0; group < 30; group += 1)
      await Promise.all(
        Array.from({ length: 400 }, (_, n) =>
          records.addBootEntry(
            bootEntry({ machine_id: `m${group * 400 + n}`, stage: 'up', detail: detail(n), at: at(group) }),
          ),
        ),
      );
    const revoked = { ...leaked, version: 2, revoked_at: at(1) };
    t.is(await records.write([{ kind: 'token', id: leaked.id, expected: 1, to: revoked }]), 'written');
    t.is(await records.write([{ kind: 'machine', id: known.id, expected: 1, to: undefined }]), 'written');
    for (let n = 0; n < 200; n += 1) t.is(await createMachine(records, machine()), 'written');
    t.is((await records.lastBoot('m11999'))?.steps.length, 1, 'the newest boot is there');
    t.is(await records.lastBoot('m0'), undefined, 'the oldest made room');
    const { items } = await records.listBoots(undefined, { limit: 1000 });
    t.true(items.length > 200);
    await writeFile(join(folder, 'ballast'), Buffer.alloc(1024 ** 2));
    // The disk is looked at once a second.
    await until(async () => {
      await records.addBootEntry(bootEntry());
      return states.at(-1) === 'full';
    });
  },
);
