import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Command } from 'commander';
import { program } from '../../src/cli/program.ts';
import { temporaryFolder } from '../support/child.ts';
import { answersTo, type Response, resolve } from '../support/description.ts';
import { command } from './command.ts';

/** Clears a screen, sets a title, turns text round, and breaks lines; U+E0041 is a tag, beyond the basic plane. */
const steering = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e\u2028\r\u200b\u{e0041}x';

/** Every verb that asks a broker, with arguments that make it print what came. */
const verbs: Readonly<Record<string, readonly string[]>> = {
  apply: ['-f', 'YAML'],
  'apply --dry-run': ['-f', 'YAML'],
  'asset gc': [],
  'asset import': ['FILE', '--kind', 'file', '--name', 'n', '--version', '1'],
  'asset list': [],
  'asset push': ['FILE', '--kind', 'file', '--name', 'n', '--version', '1'],
  'asset retire': ['n@1'],
  'asset scrub': ['n@1'],
  'asset show': ['n@1'],
  'asset unretire': ['n@1'],
  'audit list': [],
  'audit verify': [],
  boots: [],
  export: [],
  explain: ['--mac', '52:54:00:12:34:56'],
  'machine add': ['--mac', '52:54:00:12:34:56'],
  'machine delete': ['52:54:00:12:34:56'],
  'machine dismiss': ['52:54:00:12:34:56'],
  'machine enroll': ['52:54:00:12:34:56'],
  'machine list': [],
  'machine pending': [],
  'machine release': ['52:54:00:12:34:56'],
  'machine release --dry-run': ['52:54:00:12:34:56'],
  'machine set': ['52:54:00:12:34:56', '--label', 'a=b'],
  'machine show': ['52:54:00:12:34:56'],
  'profile create': ['--name', 'p', '--kernel', 'k@1'],
  'profile diff': ['one', 'other'],
  'profile list': [],
  rollback: ['--rule', 'r'],
  'rollback --machine': ['52:54:00:12:34:56'],
  'rollback --dry-run': ['--rule', 'r'],
  'rule add': ['--name', 'r', '--label', 'a=b', '--profile', 'p', '--priority', '1'],
  'rule add --dry-run': ['--name', 'r', '--label', 'a=b', '--profile', 'p', '--priority', '1'],
  'rule delete': ['r'],
  'rule delete --dry-run': ['r'],
  'rule list': [],
  'rule promote': ['r'],
  'rule set': ['r', '--priority', '2'],
  'rule set --dry-run': ['r', '--priority', '2'],
  'token create': ['--name', 'n', '--role', 'viewer', '--expires', '90d'],
  'token list': [],
  'token revoke': ['id'],
  'upload abort': ['id'],
  'upload list': [],
  'upload show': ['id'],
};
/** These print nothing of a broker's. */
const others = ['serve', 'config', 'doctor', 'localgcs', 'completion', 'import matchbox'];

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

/** A value of the described shape, with a text that steers wherever a text may stand: also where the broker itself has better. */
function hostile(schema: Schema, deep = 8): unknown {
  const {
    type,
    const: one,
    enum: values,
    anyOf,
    properties,
    additionalProperties,
    items,
  } = resolve(schema) as Schema;
  if (one !== undefined) return one;
  if (values) return values[0];
  if (anyOf?.[0]) return hostile(anyOf[0], deep);
  if (deep === 0) return steering;
  switch (type) {
    case 'object': {
      const named = Object.entries(properties ?? {}).filter(([name]) => name !== 'next');
      const fields = named.map(([name, field]) => [name, hostile(field, deep - 1)]);
      const more =
        typeof additionalProperties === 'object'
          ? { [steering]: hostile(additionalProperties, deep - 1) }
          : {};
      return { ...Object.fromEntries(fields), ...more };
    }
    case 'array':
      return [hostile(items ?? {}, deep - 1)];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return steering;
  }
}

/** A broker that answers in the described shape, or refuses. */
async function hostileBroker(t: ExecutionContext, says: 'yes' | 'no'): Promise<string> {
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    request.resume();
    const [status = '', answer] = Object.entries(answersTo('admin', method, url))[0] ?? [];
    const { content } = resolve<Response>(answer ?? {});
    const problem = {
      type: steering,
      title: steering,
      status: 409,
      detail: steering,
      errors: [{ path: [steering], message: steering }],
    };
    const body = says === 'yes' ? hostile(content?.['application/json']?.schema ?? {}) : problem;
    response
      .writeHead(says === 'yes' ? Number(status) : 409, {
        'Content-Type': says === 'yes' ? 'application/json' : 'application/problem+json',
      })
      .end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const says of ['yes', 'no'] as const)
  for (const [name, args] of Object.entries(verbs))
    test(`${name} steers no terminal when a broker says ${says}`, async (t) => {
      const dir = await temporaryFolder(t);
      const file = join(dir, 'file');
      await writeFile(file, 'x');
      const yaml = join(dir, 'desired.yaml');
      await writeFile(yaml, 'machines:\n  - mac: 52:54:00:12:34:56\n');
      const run = command({ url: await hostileBroker(t, says), token: 'token', dir });
      for (const more of [[], ['--json']]) {
        const words = [...name.split(' '), ...args, ...more].map(
          (word) => ({ FILE: file, YAML: yaml })[word] ?? word,
        );
        const { stdout, stderr, code } = await run(...words);
        t.true(stdout.length + stderr.length > 0);
        if (says === 'no') t.not(code, 0);
        t.notRegex((stdout + stderr).replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        if (more.length > 0 && stdout) t.notThrows(() => JSON.parse(stdout));
      }
    });

test('no verb is forgotten', (t) => {
  const system = { stdout: process.stdout, stderr: process.stderr, version: '1', settings: [] };
  const root = program(system as never);
  const leaves = (one: Command): string[] =>
    one.commands.length > 0
      ? one.commands.flatMap((sub) => leaves(sub).map((rest) => `${one.name()} ${rest}`))
      : [one.name()];
  t.deepEqual(
    leaves(root)
      .map((name) => name.replace('bootbroker ', ''))
      .sort(),
    [...new Set(Object.keys(verbs).map((name) => name.replace(/ --.*/, ''))), ...others].sort(),
  );
});
