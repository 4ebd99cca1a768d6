import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Broker, brokerFor, type Options, push } from '../support/broker.ts';
import { command, type Ran } from './command.ts';

interface Scene {
  readonly broker: Broker;
  readonly dir: string;
  readonly run: (...args: string[]) => Promise<Ran>;
  readonly write: (files: Readonly<Record<string, string | Buffer>>) => Promise<void>;
}

async function scene(t: ExecutionContext, options: Options = {}): Promise<Scene> {
  const broker = await brokerFor(t, options);
  const dir = await mkdtemp(join(tmpdir(), 'broker-apply-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return {
    broker,
    dir,
    run: command({ url: `http://127.0.0.1:${broker.adminPort}`, token: broker.parts.adminToken, dir }),
    async write(files) {
      for (const [name, content] of Object.entries(files)) {
        const path = join(dir, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content);
      }
    },
  };
}

const kernel = Buffer.from('a kernel of some kind');
const site = `
assets:
  - {kind: kernel, name: ubuntu-22.04, version: "1", file: images/vmlinuz}
  - {kind: initrd, name: ubuntu-22.04, version: "1", file: images/initrd.img}
profiles:
  - name: ubuntu-22.04-server
    kernel: ubuntu-22.04@1
    initrd: ubuntu-22.04@1
    cmdline: "console=tty0 console=ttyS0"
`;
const machines = `
machines:
  - mac: "AA:BB:CC:DD:EE:00"
    profile: ubuntu-22.04-server
    hostname: node-01
---
machines:
  - mac: AABB.CCDD.EE02
    profile: ubuntu-22.04-server
    labels: {rack: r1}
`;

test('a folder in the shape of the decision record is pushed and applied; a second time there is nothing to do', async (t) => {
  const { run, dir, write, broker } = await scene(t);
  await write({
    'site/site.yaml': site,
    'site/more/machines.yml': machines,
    'site/images/vmlinuz': kernel,
    'site/images/initrd.img': 'initrd',
    'site/notes.txt': ':',
  });
  const folder = join(dir, 'site');
  const dry = await run('apply', '-f', folder, '--dry-run');
  t.is(dry.code, 0, dry.stderr);
  t.is(
    dry.stdout,
    `+ asset    kernel ubuntu-22.04@1 for x86_64
+ asset    initrd ubuntu-22.04@1 for x86_64
+ profile  ubuntu-22.04-server for x86_64
+ machine  node-01
+ machine  aa:bb:cc:dd:ee:02
5 to create, 0 to change, 0 to delete; nothing was written
`,
  );
  t.is((await run('apply', '-f', folder, '--dry-run', '--detailed-exitcode')).code, 4);
  const done = await run('apply', '-f', folder);
  t.is(done.code, 0, done.stderr);
  t.regex(done.stdout, /\ndone: 5 created, 0 changed, 0 deleted\n$/);
  t.is(done.stderr, '', 'no progress where nobody watches');
  const again = await run('apply', '-f', folder, '--detailed-exitcode', '--dry-run');
  t.deepEqual([again.code, again.stdout], [0, 'nothing to do: it is so already\n']);
  t.deepEqual(JSON.parse((await run('apply', '-f', folder, '--json')).stdout), {
    dry_run: false,
    changes: [],
  });
  const script = await broker.boot('/boot.ipxe?mac=aa-bb-cc-dd-ee-02', { userAgent: 'iPXE/1.21.1' });
  t.regex(script.text, /console=tty0 console=ttyS0/);

  await write({ 'site/site.yaml': site.replace('console=tty0', 'quiet') });
  const changed = await run('apply', '-f', folder);
  t.regex(
    changed.stdout,
    /^~ profile {2}ubuntu-22.04-server for x86_64\n {4}cmdline: without console=tty0, with quiet\n~ machine {2}node-01\n/,
  );
  await write({ 'site/more/machines.yml': machines.split('---')[0] ?? '' });
  const pruned = await run('apply', '-f', folder, '--prune');
  t.regex(pruned.stdout, /^- machine {2}aa:bb:cc:dd:ee:02\ndone: 0 created, 0 changed, 1 deleted\n$/);
});

test('files name assets by id, too, and the profile of one machine needs no name; export writes names', async (t) => {
  const { run, dir, write, broker } = await scene(t);
  const initrd = await push(broker, { kind: 'initrd', name: 'debian', bytes: Buffer.from('initrd') });
  const debian = await push(broker, { kind: 'kernel', name: 'debian', bytes: kernel });
  const yaml = (id: string) => `
machines:
  - mac: 52:54:00:00:00:01
    hostname: node-01
    profile: {kernel: ${id}, initrd: ${initrd.id}}
`;
  await write({ 'x.yaml': yaml(debian.id) });
  const file = join(dir, 'x.yaml');
  t.regex(
    (await run('apply', '-f', file)).stdout,
    /^\+ profile {2}node-01 for x86_64\n\+ machine {2}node-01\n/,
  );
  t.is((await run('apply', '-f', file)).stdout, 'nothing to do: it is so already\n');
  const exported = await run('export');
  t.regex(exported.stdout, /\n {2}- name: node-01\n {4}kernel: debian@1\n {4}initrd: debian@1\n/);
  await write({ 'x.yaml': exported.stdout });
  t.is((await run('apply', '-f', file)).stdout, 'nothing to do: it is so already\n');
  await write({ 'x.yaml': yaml(initrd.id) });
  t.regex(
    (await run('apply', '-f', file)).stderr,
    /x\.yaml:5:15: asset .* and a kernel for x86_64 is needed here/,
  );
  await write({ 'x.yaml': yaml(debian.id).replace('    hostname: node-01\n', '') });
  t.regex((await run('apply', '-f', file)).stderr, /x\.yaml:4:5: must be given, for the machine has no name/);
});

test('a chain of efi programs, a rootfs and files are pushed, applied, exported and shown; architectures in any spelling', async (t) => {
  const { run, dir, write, broker } = await scene(t);
  const yaml = `
assets:
  - {kind: efi, name: ipxe, version: "2", arch: amd64, file: shim.efi}
  - {kind: efi, name: ipxe, version: "2", arch: amd64, filename: grubx64.efi, file: grub.efi}
  - {kind: kernel, name: live, version: "1:3.20~rc1", arch: AMD64, file: vmlinuz}
  - {kind: rootfs, name: live, version: "1:3.20~rc1", file: root.squashfs}
  - {kind: file, name: live, version: "1:3.20~rc1", filename: a.cfg, file: a.cfg}
profiles:
  - name: live
    arch: x64
    kernel: live@1:3.20~rc1
    rootfs: live@1:3.20~rc1
    files: {preseed.cfg: live@1:3.20~rc1/a.cfg}
`;
  const content = { 'shim.efi': 'shim', 'grub.efi': 'grub', vmlinuz: 'kernel' };
  await write({ ...content, 'root.squashfs': 'root', 'a.cfg': 'answers', 'x.yaml': yaml });
  const file = join(dir, 'x.yaml');
  const done = await run('apply', '-f', file);
  t.is(done.code, 0, done.stderr);
  t.regex(done.stdout, /\+ asset {4}efi ipxe@2\/grubx64\.efi for x86_64\n/);
  t.is((await run('apply', '-f', file)).stdout, 'nothing to do: it is so already\n');
  t.deepEqual(
    [(await broker.boot('/boot.efi')).text, (await broker.boot('/grubx64.efi')).text],
    ['shim', 'grub'],
  );
  const exported = await run('export');
  t.regex(
    exported.stdout,
    /rootfs: live@1:3\.20~rc1\n {4}files:\n {6}preseed\.cfg: live@1:3\.20~rc1\/a\.cfg\n/,
  );
  await write({ 'y.yaml': exported.stdout });
  t.is((await run('apply', '-f', join(dir, 'y.yaml'))).stdout, 'nothing to do: it is so already\n');
  t.regex((await run('asset', 'list')).stdout, /efi +ipxe@2\/grubx64\.efi +x86_64/);
  const shown = await run('asset', 'show', 'ipxe@2/grubx64.efi', '--json');
  t.is(JSON.parse(shown.stdout).items.length, 1);
  const args = ['--kernel', 'live@1:3.20~rc1', '--rootfs', 'live@1:3.20~rc1', '--arch', 'amd64'];
  const made = await run(
    'profile',
    'create',
    '--name',
    'p',
    ...args,
    '--file',
    'a=live@1:3.20~rc1/a.cfg',
    '--json',
  );
  const { id } = JSON.parse(made.stdout);
  t.is((await broker.boot(`/asset/${id}/file/a`)).text, 'answers');
  const pushed = await run(
    ...['asset', 'push', join(dir, 'grub.efi'), '--kind', 'efi', '--name', 'ipxe', '--version', '2'],
    ...['--filename', 'mmx64.efi'],
  );
  t.regex(pushed.stdout, /^efi ipxe@2\/mmx64\.efi for x86_64 is ready/);
  t.is((await broker.boot('/mmx64.efi')).text, 'grub');
  const wrong = await run(
    ...['asset', 'push', join(dir, 'vmlinuz'), '--kind', 'kernel', '--name', 'k', '--version', '2'],
    ...['--filename', 'x'],
  );
  t.deepEqual([wrong.code, /--filename must be left out/.test(wrong.stderr)], [2, true]);
});

test('every mistake in the files is told by file, line and column, and nothing is written', async (t) => {
  const { run, dir, write, broker } = await scene(t);
  const at = async (text: string | Buffer, ...wanted: (string | RegExp)[]) => {
    await write({ 'x.yaml': text });
    const { code, stderr } = await run('apply', '-f', join(dir, 'x.yaml'));
    t.true(code === 1 || code === 2, stderr);
    for (const one of wanted)
      if (one instanceof RegExp) t.regex(stderr, one);
      else t.true(stderr.includes(`${join(dir, 'x.yaml')}:${one}`), `${one}\n${stderr}`);
  };
  await at('machines:\n  - mac: nonsense\n', '2:5: must be one interface');
  await at(
    'machines:\n  - mac: 525400123456\n    colour: red\n',
    '2:5: Invalid input: expected string, received number; put it in quotes',
    '3:5: is no field here',
  );
  await at('machines:\n  - macs: [52:54:00:00:00:01, x]\n', '2:31: must be');
  await at(
    'machines:\n  - mac: 52:54:00:00:00:01\n    profile: {name: x, initrd: y}\n',
    '3:24: must be NAME@VERSION',
  );
  await at('machines:\n  - mac: 52:54:00:00:00:01\n    macs: []\n', '2:5: mac and macs say the same');
  await at(
    'profiles:\n  - name: x\n    kernel: gs://boot-images/kernels/x.img\n    cloud_init: y\n',
    '3:5: gs://boot-images/kernels/x.img is an address',
    '4:5: cloud_init is not served',
  );
  await at('profiles:\n  - {name: x, kernel: a@1}\n', '2:15: there is no kernel a@1 for x86_64');
  await at('profiles:\n  - {name: x, kernel: a@1, cmdline: "{{ oops"}\n', '2:28: line 1, column');
  await at('a: 1\nmachines: x\n', '1:1: a is none of', '2:1: machines must be a list');
  await at('machines:\n- a: 1\n  a: 2\n', '3:3: a stands here twice');
  await at('machines: [\n', '2:1: Flow sequence');
  await at('- x\n', '1:1: must have assets');
  await at(Buffer.from([0x61, 0x0a, 0x62, 0xff]), '2:2: is not UTF-8');
  await at(`x: &a [${'x,'.repeat(50)}]\ny: [${'*a,'.repeat(200)}]\n`, '2:305: more than 100 aliases');
  // How deep it may be read is up to Node's stack.
  await at(`machines: ${'['.repeat(5000)}`, /x\.yaml:1:\d+: nests too deep/);
  await at(
    'assets:\n  - {kind: kernel, name: a, version: "1"}\n',
    '2:5: the broker does not have this asset',
  );
  await at('assets:\n  - {kind: kernal, name: a, version: "1", file: x}\n', '2:6: Invalid option');
  t.deepEqual((await broker.admin('/api/v1/machines')).json.items, []);
  const json = await run('apply', '-f', join(dir, 'x.yaml'), '--json');
  t.is(JSON.parse(json.stderr).error.details.length, 1);
});

test('files of assets stay within the folder of what names them, whatever links say', async (t) => {
  const { run, dir, write } = await scene(t);
  const asset = (file: string, more = '') =>
    `assets:\n  - {kind: kernel, name: a, version: "1", file: ${file}${more}}\n`;
  await write({ 'site/x.yaml': '', 'site/in/vmlinuz': kernel, secret: 'secret' });
  await symlink('../secret', join(dir, 'site/link'));
  await symlink('..', join(dir, 'site/up'));
  await symlink('in/vmlinuz', join(dir, 'site/fine'));
  const folder = join(dir, 'site');
  for (const file of ['../secret', 'link', 'up/secret', 'in/../../secret']) {
    await write({ 'site/x.yaml': asset(file) });
    const { code, stderr } = await run('apply', '-f', folder);
    t.is(code, 2, file);
    t.regex(stderr, /x\.yaml:2:\d+: .* leads out of the folder/, file);
  }
  for (const file of ['/etc/passwd', '""', 'missing']) {
    await write({ 'site/x.yaml': asset(file) });
    t.is((await run('apply', '-f', folder)).code, 2, file);
  }
  const sha256 = createHash('sha256').update(kernel).digest('hex');
  await write({ 'site/x.yaml': asset('fine', `, sha256: ${'0'.repeat(64)}`) });
  t.regex((await run('apply', '-f', folder)).stderr, /x\.yaml:2:\d+: fine has the sha256/);
  await write({ 'site/x.yaml': asset('fine', `, sha256: ${sha256}`) });
  t.is((await run('apply', '-f', folder)).code, 0);
  await rm(join(dir, 'site/in'), { recursive: true });
  const gone = await run('apply', '-f', folder);
  t.deepEqual(
    [gone.code, gone.stdout],
    [0, 'nothing to do: it is so already\n'],
    'it is on the broker: the file need not be read',
  );
  await symlink('../outside.yaml', join(folder, 'y.yaml'));
  await write({ 'outside.yaml': 'machines: []\n' });
  t.regex((await run('apply', '-f', folder)).stderr, /y\.yaml leads out of/);
});

test('names from elsewhere do not reach the terminal as they are', async (t) => {
  const { run, dir, write } = await scene(t);
  await write({ 'x.yaml': 'machines:\n  - mac: 52:54:00:00:00:01\n    labels: {a: "\\e[2J"}\n' });
  t.is((await run('apply', '-f', dir)).code, 0);
  await write({
    'x.yaml': 'machines:\n  - mac: 52:54:00:00:00:01\n    labels: {a: "\\e[3J"}\n    "\\e[2J": 1\n',
  });
  t.false((await run('apply', '-f', dir)).stderr.includes('\u001b'));
  await write({ 'x.yaml': 'machines:\n  - mac: 52:54:00:00:00:01\n    labels: {a: "\\e[3J"}\n' });
  const { stdout } = await run('apply', '-f', dir, '--dry-run');
  t.regex(stdout, /labels\.a: \\u\{1b\}\[2J becomes/);
});

test('who applies while others do asks again until it is their turn', async (t) => {
  const { dir, write, broker } = await scene(t, { planning: { mostWaiting: 0 } });
  await write({ 'site.yaml': 'machines: [{mac: "52:54:00:00:00:01"}]' });
  const keys = Object.fromEntries(Array.from({ length: 300_000 }, (_, n) => [`k${n}`, 0]));
  const other = broker.admin('/api/v1/apply?dry_run=1', keys);
  let pauses = 0;
  const run = command({
    url: `http://127.0.0.1:${broker.adminPort}`,
    token: broker.parts.adminToken,
    dir,
    system: {
      async sleep() {
        pauses += 1;
        await other;
      },
    },
  });
  const { code, stderr } = await run('apply', '-f', join(dir, 'site.yaml'));
  t.is(code, 0, stderr);
  const { status } = await other;
  t.true(status === 503 || pauses < 3, `${status}, ${pauses} pauses`);
});
