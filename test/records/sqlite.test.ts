import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { StoreDown } from '../../src/boot/store-down.ts';
import type { Records } from '../../src/records/records.ts';
import { migrate } from '../../src/records/sqlite/database.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { rejectsEverything } from './every-call.ts';
import { at, machine, macOf, revision } from './examples.ts';
import { tempFile } from './temp-file.ts';
import { createMachine, createProfile } from './writing.ts';

function opened(t: ExecutionContext, file: string): Records {
  const records = openSqlite(file);
  t.teardown(() => records.close());
  return records;
}

/** Starts a process that writes `count` machines to the file, and shows each line that it says. */
function startWriter(t: ExecutionContext, file: string, count: number) {
  const script = fileURLToPath(new URL('writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, file, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return { child, lines: createInterface(child.stdout), ended: once(child, 'exit') };
}

test('what was written is there when the file is opened again, and a cursor still fits', async (t) => {
  const file = await tempFile(t);
  const first = openSqlite(file);
  const [a, b] = [machine({ macs: [macOf(1)] }), machine({ macs: [macOf(2)] })];
  for (const each of [a, b]) await createMachine(first, each);
  await createProfile(first, revision(), { machine_id: a.id, at: at(1) });
  const moved = await first.machine(a.id);
  const { next = '' } = await first.listMachines({ limit: 1 });
  await first.close();
  const again = opened(t, file);
  t.deepEqual(await again.findMachine({ mac: macOf(1) }), moved);
  t.deepEqual(await again.listMachines({ limit: 1, cursor: next }), { items: [b] });
  t.like(await createMachine(again, machine({ macs: [macOf(2)] })), { kind: 'taken', holder: b.id });
});

test('a text that is searchable from now on gets its column and index once, however many processes open the file', async (t) => {
  const file = await tempFile(t);
  const records = opened(t, file);
  const racked = Array.from({ length: 50 }, (_, n) => ({
    ...machine({ macs: [macOf(n)] }),
    rack: `r${n % 5}`,
  }));
  for (const each of racked) await createMachine(records, each);
  const script = fileURLToPath(new URL('add-columns.ts', import.meta.url));
  const starts = Array.from({ length: 4 }, () =>
    once(spawn(process.execPath, [script, file], { stdio: 'inherit' }), 'exit'),
  );
  t.deepEqual(
    await Promise.all(starts),
    starts.map(() => [0, null]),
  );

  const database = new DatabaseSync(file);
  t.teardown(() => database.close());
  const found = "FROM machines WHERE rack = 'r3' AND seq > 0 ORDER BY seq";
  t.is(database.prepare(`SELECT id ${found}`).all().length, 10);
  const plan = database.prepare(`EXPLAIN QUERY PLAN SELECT id ${found}`).all();
  t.regex(String(plan[0]?.detail), /USING INDEX machines_by_rack/);
  // The process of the older version goes on, and so does one that starts.
  await createMachine(records, machine({ macs: [macOf(99)] }));
  t.is((await opened(t, file).listMachines({ limit: 1000 })).items.length, 51);
});

test('the files are for their owner alone', async (t) => {
  const file = await tempFile(t);
  await createMachine(opened(t, file), machine());
  t.is((await stat(dirname(file))).mode & 0o777, 0o700);
  for (const name of [file, `${file}-wal`, `${file}-shm`]) t.is((await stat(name)).mode & 0o777, 0o600, name);
});

test('a process that is killed at any moment loses nothing that it was told is written', async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const file = await tempFile(t);
    const { child, lines, ended } = startWriter(t, file, 1e9);
    const patience = 1 + Math.floor(Math.random() * 200);
    const said: string[] = [];
    for await (const line of lines) {
      said.push(line);
      if (said.length === patience) setTimeout(() => child.kill('SIGKILL'), Math.random() * 5);
    }
    await ended;
    t.is(child.signalCode, 'SIGKILL');
    const records = opened(t, file);
    const looks: Record<string, (id: string) => Promise<unknown>> = {
      machine: (id) => records.machine(id),
      profile: (id) => records.profile(id),
      active: async (id) => (await records.machine(id))?.active,
      asset: (id) => records.asset(id),
      upload: (id) => records.upload(id),
      boot: async (id) => (await records.listBoots(id, { limit: 1 })).items[0],
    };
    for (const line of said) {
      const [what = '', id = ''] = line.split(' ');
      t.truthy(await looks[what]?.(id), `round ${round}: ${line}`);
    }
    for (const { id, macs } of (await records.listMachines({ limit: 1000 })).items)
      t.is((await records.findMachine({ mac: macs[0] ?? '' }))?.id, id);
    const inspector = new DatabaseSync(file);
    t.deepEqual({ ...inspector.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
    inspector.close();
  }
});

test('two processes that open and write one file at once share it', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const file = await tempFile(t);
    const writers = [startWriter(t, file, 50), startWriter(t, file, 50)];
    const said = await Promise.all(writers.map(({ lines }) => Array.fromAsync(lines)));
    for (const { ended } of writers) t.deepEqual(await ended, [0, null]);
    const count = (what: string) => said.flat().filter((line) => line.startsWith(what)).length;
    t.deepEqual([count('machine'), count('taken')], [50, 50]);
    const { items } = await opened(t, file).listMachines({ limit: 1000 });
    t.deepEqual(
      items.map(({ macs }) => macs[0]).toSorted(),
      Array.from({ length: 50 }, (_, n) => macOf(n)),
    );
  }
});

test('while another process holds the write lock, reads go on and a write is StoreDown', async (t) => {
  const file = await tempFile(t);
  const records = opened(t, file);
  const known = machine();
  await createMachine(records, known);
  const other = new DatabaseSync(file);
  t.teardown(() => other.close());
  other.exec('BEGIN EXCLUSIVE');
  t.deepEqual(await records.machine(known.id), known);
  const blocked = machine();
  await t.throwsAsync(createMachine(records, blocked), {
    instanceOf: StoreDown,
    message: 'records: writing machine failed: database is locked',
  });
  other.exec('COMMIT');
  t.is(await createMachine(records, blocked), 'written');
});

test('every method of a store that cannot be read rejects with StoreDown', async (t) => {
  const file = await tempFile(t);
  const whole = openSqlite(file);
  for (let n = 0; n < 100; n += 1) await createMachine(whole, machine({ macs: [macOf(n)] }));
  await whole.close();
  const damaged = await open(file, 'r+');
  const { size } = await damaged.stat();
  const schemaPages = 2;
  await damaged.write(Buffer.alloc(size - schemaPages * 4096, 0xa5), 0, undefined, schemaPages * 4096);
  await damaged.close();
  await rejectsEverything(t, opened(t, file));
});

test('every method of a store that is closed rejects with StoreDown', async (t) => {
  const records = openSqlite(await tempFile(t));
  await records.close();
  await records.close();
  await rejectsEverything(t, records);
});

test('a file that is no database, or cannot be one, does not open', async (t) => {
  const file = await tempFile(t);
  await mkdir(dirname(file));
  await writeFile(file, 'not a database '.repeat(1000));
  const refused = (path: string) =>
    t.throws(() => openSqlite(path), { instanceOf: StoreDown, message: /^records: opening \// }, path);
  refused(file);
  refused(dirname(file));
  refused(join(file, 'records.db'));
  t.is(await readFile(file, 'utf8'), 'not a database '.repeat(1000));
});

test('an empty file becomes a database', async (t) => {
  const file = await tempFile(t);
  await mkdir(dirname(file));
  await writeFile(file, '');
  t.is(await createMachine(opened(t, file), machine()), 'written');
});

test('a database of a newer version does not open, and stays as it is', async (t) => {
  const file = await tempFile(t);
  await openSqlite(file).close();
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 99');
  t.throws(() => openSqlite(file), {
    instanceOf: StoreDown,
    message: /a newer version wrote it \(schema 99, this one knows \d+\); run that version/,
  });
  t.is(newer.prepare('PRAGMA user_version').get()?.user_version, 99);
  newer.close();
});

test('migrations go on from the version that the file has, and one that fails leaves no trace', async (t) => {
  const database = new DatabaseSync(':memory:');
  const first = 'CREATE TABLE a (x TEXT)';
  const second = `ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = x || '!'`;
  const rows = () =>
    database
      .prepare('SELECT * FROM a')
      .all()
      .map((row) => ({ ...row }));
  const version = () => database.prepare('PRAGMA user_version').get()?.user_version;
  migrate(database, [first]);
  database.exec(`INSERT INTO a VALUES ('kept')`);
  t.throws(() => migrate(database, [first, `${second}; broken`]), { message: /syntax error/ });
  t.deepEqual([rows(), version()], [[{ x: 'kept' }], 1]);
  migrate(database, [first, second]);
  migrate(database, [first, second]);
  t.deepEqual([rows(), version()], [[{ x: 'kept', y: 'kept!' }], 2]);
});
