import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { brokerFor } from '../support/broker.ts';
import { command } from './command.ts';

async function folder(t: ExecutionContext, files: Readonly<Record<string, unknown>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'broker-matchbox-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(
      join(dir, name),
      typeof content === 'string' ? content : JSON.stringify(content, null, 2),
    );
  }
  return dir;
}

const coreos = {
  id: 'fedora-coreos',
  name: 'Fedora CoreOS',
  boot: {
    kernel: '/assets/fedora-coreos/fedora-coreos-36.20220618.3.1-live-kernel-x86_64',
    initrd: ['--name main /assets/fedora-coreos/fedora-coreos-36.20220618.3.1-live-initramfs.x86_64.img'],
    args: [
      'initrd=main',
      'ignition.platform.id=metal',
      'ignition.config.url=http://matchbox.example.com:8080/ignition?uuid=${uuid}&mac=${mac:hexhyp}',
      'console=ttyS0',
    ],
  },
  ignition_id: 'fedora-coreos.ign',
};
const flatcar = `id: flatcar
boot:
  kernel: /assets/flatcar/2605.6.0/flatcar_production_pxe.vmlinuz
  initrd:
    - /assets/flatcar/2605.6.0/flatcar_production_pxe_image.cpio.gz
  args: [quiet]
`;
const data = {
  'profiles/fedora-coreos.json': coreos,
  'profiles/flatcar.yaml': flatcar,
  'groups/node1.json': {
    name: 'etcd Node 1',
    profile: 'fedora-coreos',
    selector: { mac: '52-54-00-A1-9C-AE' },
    metadata: { domain_name: 'node1.example.com', ssh_authorized_keys: ['ssh-ed25519 AAAA'] },
  },
  'groups/default.json': { id: 'default', profile: 'flatcar' },
  'groups/installed.json': { profile: 'flatcar', selector: { os: 'installed', mac: '52:54:00:b2:2f:86' } },
  'groups/node2.json': { profile: 'fedora-coreos', selector: { mac: '52:54:00:b2:2f:86' } },
  'assets/fedora-coreos/fedora-coreos-36.20220618.3.1-live-kernel-x86_64': 'a kernel',
  'assets/fedora-coreos/fedora-coreos-36.20220618.3.1-live-initramfs.x86_64.img': 'an initrd',
  'assets/flatcar/2605.6.0/flatcar_production_pxe.vmlinuz': 'another kernel',
  'assets/flatcar/2605.6.0/flatcar_production_pxe_image.cpio.gz': 'another initrd',
};

test('a data folder becomes a file of machines, rules and profiles, with a note for all that has no equivalent', async (t) => {
  const dir = await folder(t, data);
  const { code, stdout, stderr } = await command({ dir })('import', 'matchbox', dir, '-o', '-');
  t.is(code, 0, stderr);
  t.is(stdout, await readFile(new URL('matchbox.yaml', import.meta.url), 'utf8'));
  const notes = stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(`${dir}/`, ''));
  t.deepEqual(
    notes.map((note) => note.slice(0, 70)),
    [
      'note: profiles/fedora-coreos.json:16:3: ignition_id fedora-coreos.ign ',
      'note: profiles/fedora-coreos.json:7:7: --name main is left out: the br',
      'note: profiles/fedora-coreos.json:10:7: initrd=main is left out: the br',
      'note: groups/node1.json:9:5: ssh_authorized_keys is no label: those ar',
      'note: groups/installed.json:4:5: in Matchbox the machine itself says o',
      'note: groups/default.json:1:1: is for every machine that is registered',
    ].map((note) => note.slice(0, 70)),
    stderr,
  );
});

test('a group that selects by manufacturer or product becomes a rule over what machines say of their make', async (t) => {
  const dir = await folder(t, {
    'profiles/b.json': { boot: { kernel: '/assets/k-1.0' } },
    'groups/dell.json': { profile: 'b', selector: { manufacturer: 'Dell Inc.', Product: 'PowerEdge R640' } },
    'groups/own.json': { profile: 'b', selector: { manufacturer: 'HPE', mac: '52:54:00:b2:2f:86' } },
  });
  const { code, stdout, stderr } = await command({ dir })('import', 'matchbox', dir, '-o', '-');
  t.is(code, 0, stderr);
  const text = stdout.replaceAll(/\s+/g, ' ');
  t.regex(text, /all: - manufacturer: Dell Inc\. - product: PowerEdge R640/);
  t.regex(
    text,
    /all: - manufacturer: HPE - mac: 52:54:00:b2:2f:86|all: - mac: 52:54:00:b2:2f:86 - manufacturer: HPE/,
  );
  t.is(stderr.match(/it may also be a part of what the machine says/g)?.length, 3, stderr);
});

test('with --assets it is pushed and applied, and a second time there is nothing to do', async (t) => {
  const dir = await folder(t, data);
  const broker = await brokerFor(t);
  const run = command({
    url: `http://127.0.0.1:${broker.adminPort}`,
    token: broker.parts.adminToken,
    dir: join(dir, '..', 'none'),
  });
  const without = await run('import', 'matchbox', dir);
  t.is(without.code, 1);
  t.regex(without.stderr, /fedora-coreos\.json:1:1: there is no kernel .* for x86_64/);
  const dry = await run('import', 'matchbox', dir, '--assets', '--dry-run', '--json');
  t.is(JSON.parse(dry.stdout).changes.length, 4 + 2 + 3 + 2, dry.stderr);
  t.is(JSON.parse(dry.stdout).notes.length, 6);
  t.is((await run('import', 'matchbox', dir, '--assets')).code, 0);
  t.is((await run('import', 'matchbox', dir, '--assets')).stdout, 'nothing to do: it is so already\n');
  const script = async (mac: string) =>
    (await broker.boot(`/boot.ipxe?mac=${mac}`, { userAgent: 'iPXE/1.21.1' })).text;
  t.regex(await script('52-54-00-a1-9c-ae'), /ignition\?uuid=&mac=52-54-00-a1-9c-ae console=ttyS0/);
  t.regex(await script('52-54-00-b2-2f-86'), /boots fedora-coreos/, 'the narrower group waits for its label');
});

test('what cannot be had ends the import, unless it is to be left out', async (t) => {
  const dir = await folder(t, {
    'profiles/a.json': { boot: { kernel: '/assets/../../etc/passwd' } },
    'profiles/b.json': { boot: { kernel: '/assets/k', args: ['ip=${net0/ip}', '{{.uuid}}', 'fine'] } },
    'profiles/c.json': { boot: {}, ignition_id: 'x' },
    'profiles/d.json': { boot: { kernel: 'http://example.org/linux-6.1.2' } },
    'groups/a.json': { profile: 'unheard-of' },
    'groups/b.json': { profile: 'b', selector: { mac: 'ff:ff:ff:ff:ff:ff' } },
    'groups/c.json': { profile: 'c', selector: { serial: 'S1' } },
    'groups/c2.json': { profile: 'b', selector: { serial: 'S1' } },
  });
  const run = command({ dir });
  const refused = await run('import', 'matchbox', dir, '-o', '-');
  t.is(refused.code, 2);
  t.is(refused.stdout, '');
  for (const wanted of [
    'profiles/a.json:3:5: /assets/../../etc/passwd is neither',
    'profiles/b.json:5:7: ip=${net0/ip} uses ${net0/ip}',
    'profiles/b.json:6:7: {{.uuid}} would be a template',
    'groups/a.json:2:3: there is no profile unheard-of',
    'groups/b.json:4:5: ff:ff:ff:ff:ff:ff is no MAC',
    'groups/c2.json:1:1: selects the same as c',
  ])
    t.true(refused.stderr.includes(`${dir}/${wanted}`), `${wanted}\n${refused.stderr}`);
  const partial = await run('import', 'matchbox', dir, '-o', '-', '--partial');
  t.is(partial.code, 0);
  t.regex(partial.stderr, /left out: .*b\.json:5:7/);
  t.regex(
    partial.stderr,
    /bootbroker asset import http:\/\/example\.org\/linux-6\.1\.2 --kind kernel --name linux --version 6\.1\.2 --arch x86_64/,
  );
  t.regex(partial.stdout, /cmdline: fine/);
});

test('links out of the folder are not followed', async (t) => {
  const dir = await folder(t, {
    'm/profiles/a.json': { boot: { kernel: '/assets/k' } },
    'm/assets/x': '',
    secret: 'secret',
    'g.json': {},
  });
  const broker = await brokerFor(t);
  const run = command({ url: `http://127.0.0.1:${broker.adminPort}`, token: broker.parts.adminToken, dir });
  await symlink('../../secret', join(dir, 'm/assets/k'));
  const asset = await run('import', 'matchbox', join(dir, 'm'), '--assets');
  t.is(asset.code, 2);
  t.regex(asset.stderr, /leads out of the folder/);
  await mkdir(join(dir, 'm/groups'));
  await symlink('../../g.json', join(dir, 'm/groups/g.json'));
  t.regex((await run('import', 'matchbox', join(dir, 'm'))).stderr, /g\.json leads out of/);
  t.is((await run('import', 'matchbox', join(dir, 'nothing'))).code, 2);
});
