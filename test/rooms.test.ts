import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { importsOf, mayImport, trespasses } from './rooms.ts';

const src = fileURLToPath(new URL('../src/', import.meta.url));

test('every file imports only what its room may', async (t) => {
  const files = await Array.fromAsync(glob('**/*.{ts,js,mts,cts,mjs,cjs}', { cwd: src }));
  t.true(files.length > 0);
  const found = await Promise.all(
    files.map(async (file) => trespasses(file, await readFile(join(src, file), 'utf8'))),
  );
  t.deepEqual(found.flat(), []);
});

test('every room is in the table', async (t) => {
  const rooms = await Array.fromAsync(glob('*', { cwd: src }));
  t.deepEqual(
    rooms.filter((room) => !Object.keys(mayImport).some((name) => name.split('/')[0] === room)),
    [],
  );
});

test('neither a start nor a command loads a schema', async (t) => {
  const started = await Array.fromAsync(
    glob('{cli/**/*,drivers/*,main,parts,planes,boot-plane,cli}.ts', { cwd: src }),
  );
  const drivers = ['records/firestore/firestore.ts', 'records/cached/cached.ts'];
  const waiting = [...started, ...drivers];
  t.true(waiting.length > 50);
  const loaded = new Set(waiting);
  for (const file of waiting) {
    const code = await readFile(join(src, file), 'utf8');
    for (const [, specifier = ''] of code.matchAll(/^(?:import|export) (?!type )[^'"]*from '([^']+)'/gm)) {
      const target = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier;
      if (loaded.has(target)) continue;
      loaded.add(target);
      if (target.endsWith('.ts')) waiting.push(target);
    }
  }
  t.true(loaded.has('http/boot/app.ts') && loaded.has('records/sqlite/search.ts'));
  t.false(loaded.has('zod'));
  t.deepEqual(
    [...loaded].filter((one) => one.startsWith('boot/schema/')),
    [],
  );
});

test('rooms import only rooms above them in the table, so that none imports itself by others', (t) => {
  const rooms = Object.keys(mayImport);
  const within = (place: string, room: string) => `${place}/`.startsWith(`${room}/`);
  const below = rooms.flatMap((room, at) =>
    (mayImport[room] ?? []).flatMap((place) =>
      rooms
        .slice(at)
        .filter((other) => within(place, other) || within(other, place))
        .map((other) => `${room} imports ${other}`),
    ),
  );
  t.deepEqual(below, []);
});

test('an import is seen in whatever form it is written', (t) => {
  const forms = [
    `import x from 'm';`,
    `import 'm';`,
    `import*as x from"m"`,
    `import type { X } from 'm';`,
    `import { type X,\n  y as z,\n} from 'm';`,
    `export { x } from 'm';`,
    `export type * from 'm';`,
    `const x = await import('m');`,
    'const x = await import(\n  `m`\n);',
    `let x: import('m').X;`,
    `const x = require('m');`,
    `process.getBuiltinModule('m')`,
    `new Worker(new URL('m', import.meta.url))`,
  ];
  for (const form of forms) t.deepEqual(importsOf(form), ['m'], form);
  t.deepEqual(importsOf(`import a from 'a'; export * from "b"\nexport const x = 'from'; export * from "c"`), [
    'a',
    'b',
    'c',
  ]);
  t.deepEqual(importsOf(`export const x = 1; const from = 'm'; // important`), []);
});

const seeded: readonly (readonly [path: string, source: string])[] = [
  ['boot/decide.ts', `import { deliver } from '../http/deliver.ts';`],
  ['boot/decide.ts', `import type { Records } from '../records/records.ts';`],
  ['boot/decide.ts', `import { readFile } from 'node:fs/promises';`],
  ['boot/decide.ts', `import net from 'node:net';`],
  ['boot/decide.ts', `import type { Context } from 'koa';`],
  ['boot/source.ts', `import ipaddr from 'ipaddr.js';`],
  ['boot/rule/rule.ts', `import { z } from 'zod';`],
  ['boot/rule/rule.ts', `import { ruleSchema } from './schema/rule.ts';`],
  ['boot/rule/rule.ts', `import { type ruleSchema } from './schema/rule.ts';`],
  ['cli/verbs/explain.ts', `import { name } from '../../boot/schema/values.ts';`],
  ['boot/schema/rule.ts', `const at = Date.now();`],
  ['boot/decide.ts', 'const now = Date.now();'],
  ['boot/decide.ts', 'const now = new Date();'],
  ['boot/decide.ts', 'const now = performance.now();'],
  ['boot/decide.ts', 'const luck = Math.random();'],
  ['boot/decide.ts', 'const id = crypto.randomUUIDv7();'],
  ['boot/decide.ts', 'const home = process.env.HOME;'],
  ['sign/v4.ts', `import { anyContains } from '../boot/network.ts';`],
  ['config/config.ts', `import type { Plan } from '../boot/plan.ts';`],
  ['records/sqlite/sqlite.ts', `import { config } from '../../config/config.ts';`],
  ['records/cached/cache.ts', `import type { DatabaseSync } from 'node:sqlite';`],
  ['records/sqlite/sqlite.ts', `import { Firestore } from '@google-cloud/firestore';`],
  ['blobs/follow.ts', `import type { Bucket } from '@google-cloud/storage';`],
  ['localgcs/store/store.ts', `import type { Machine } from '../../boot/machine.ts';`],
  ['http/admin/routes.ts', `import { openSqlite } from '../../records/sqlite/sqlite.ts';`],
  ['http/boot/deliver.ts', `export { signUrl } from '../../sign/v4.ts';`],
  ['http/boot/app.ts', `const { config } = await import('../../config/config.ts');`],
  ['http/boot/deliver.ts', `import { handleRoute } from '../admin/route.ts';`],
  ['http/admin/route.ts', `import { deliver } from '../boot/deliver.ts';`],
  ['http/server/listener.ts', `import { bootApp } from '../boot/app.ts';`],
  ['http/plane/plane.ts', `import { listen } from '../server/listener.ts';`],
  ['jobs/verify.ts', `import { app } from '../http/app.ts';`],
  ['cli/verbs/serve.ts', `import { main } from '../../main.ts';`],
  ['cli/verbs/completion.ts', `import { program } from '../program.ts';`],
  ['cli/program.ts', `import { boots } from './verbs/boots.ts';`],
  ['cli/verb/options.ts', `import { broker } from '../broker/broker.ts';`],
  ['cli/broker/broker.ts', `import { machineShow } from '../verbs/machine/show.ts';`],
  ['cli/broker/named.ts', `import { table } from '../output/table.ts';`],
  ['cli/output/outline.ts', `import type { Options } from '../verbs/explain.ts';`],
  ['cli/output/listing.ts', `const { verbs } = await import('../verbs.ts');`],
  ['cli/push/push-file.ts', `import { assetPush } from '../verbs/asset/push.ts';`],
  ['cli/fetch/fetch-file.ts', `import { assetImport } from '../verbs/asset/import.ts';`],
  ['cli/manifest/gather.ts', `import { apply } from '../verbs/apply.ts';`],
  ['cli/matchbox/convert.ts', `import { importMatchbox } from '../verbs/import-matchbox.ts';`],
  ['cli/apply/apply-state.ts', `import { applyFlags } from '../verbs/apply.ts';`],
  ['main.ts', `import { openSqlite } from './records/sqlite/sqlite.ts';`],
  ['main.ts', `import { serve } from './cli.ts';`],
  ['parts.ts', `import { app } from './http/app.ts';`],
  ['http/boot/app.ts', `import { table } from '../../../test/rooms.ts';`],
  ['http/boot/app.ts', `const { env } = process;`],
  ['http/boot/app.ts', `import { env } from 'node:process';`],
  ['attic/old.ts', `import { x } from '../boot/plan.ts';`],
];

for (const [path, source] of seeded)
  test(`${path} may not say: ${source}`, (t) => {
    const found = trespasses(path, `/** Fine. */\n${source}\n`);
    t.is(found.length, 1, found.join('\n'));
    t.true(found[0]?.startsWith(`${path} `));
  });

test('what a room may say is left alone', (t) => {
  const fine: readonly (readonly [path: string, source: string])[] = [
    [
      'boot/decide.ts',
      `import { refuse } from './problem.ts';\nexport const at = (text: string) => new Date(text);`,
    ],
    ['boot/decide.ts', `// Never Date.now() here, never process.env, never import 'koa'.\n/** new Date() */`],
    ['boot/network.ts', `import ipaddr from 'ipaddr.js';`],
    [
      'config/config.ts',
      `import { anyContains } from '../boot/network.ts';\nexport const env = process.env;`,
    ],
    [
      'records/sqlite/sqlite.ts',
      `import { DatabaseSync } from 'node:sqlite';\nimport type { Machine } from '../../boot/machine.ts';`,
    ],
    [
      'blobs/gcs.ts',
      `import { Storage } from '@google-cloud/storage';\nimport { signUrl } from '../sign/v4.ts';`,
    ],
    [
      'http/admin/routes.ts',
      `import Router from '@koa/router';\nimport type { Records } from '../../records/records.ts';`,
    ],
    [
      'cli/verbs/import-matchbox.ts',
      `import { applyFlags } from './apply.ts';\nimport { convertMatchbox } from '../matchbox/convert.ts';`,
    ],
    [
      'cli/verbs.ts',
      `import type { Verb } from './verb/verb.ts';\nconst verb = await import('./verbs/boots.ts');`,
    ],
    [
      'cli.ts',
      `import about from '../package.json' with { type: 'json' };\nimport { main } from './main.ts';`,
    ],
  ];
  for (const [path, source] of fine) t.deepEqual(trespasses(path, source), [], source);
});
