import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { overlap } from '../../gateway/network.ts';
import { placesUnder } from '../../gateway/places.ts';
import { rendered } from '../../gateway/rendered.ts';
import { installed } from '../../gateway/services.ts';
import { readSettings } from '../../gateway/settings.ts';
import { temporaryFolder } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { command, file, needing, root } from '../support/needs.ts';
import { tunnelOf } from './gateway.ts';
import { accepted, install } from './rig.ts';

const run = promisify(execFile);
const sbin = { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
const gateway = join(import.meta.dirname, '../../gateway');
const example = (name: string) => parse(readFileSync(join(gateway, name), 'utf8'));
const examples = ['example.yaml', 'example-site.yaml'] as const;

/** An example's files, in places of the test's own. */
async function placed(t: ExecutionContext, name: string, more: object = {}) {
  const folder = await temporaryFolder(t);
  const settings = accepted({ ...example(name), user: 'root', ...more });
  const places = placesUnder(folder);
  install(places, installed(settings, places));
  return { places, settings };
}

for (const name of examples) {
  needing(command('nginx'))(`nginx takes what is rendered of ${name}`, async (t) => {
    const { places } = await placed(t, name, { listen: '127.0.0.1', port: await freePort() });
    const flags = ['-t', '-e', 'stderr', '-c', join(places.etc, 'nginx.conf')];
    const { stderr } = await run('nginx', flags, { env: sbin });
    t.regex(stderr, /test is successful/);
    t.notRegex(stderr, /warn/);
  });

  needing(command('dnsmasq'))(`dnsmasq takes what is rendered of ${name}`, async (t) => {
    const { places } = await placed(t, name);
    await t.notThrowsAsync(run('dnsmasq', ['--test', '-C', join(places.etc, 'dnsmasq.conf')], { env: sbin }));
  });

  needing(
    root,
    file('/usr/sbin/nft'),
    command('unshare'),
  )(`nft takes what is rendered of ${name}`, async (t) => {
    const { places } = await placed(t, name);
    for (const name of ['nftables.conf', 'connections.conf']) {
      const flags = ['--net', 'nft', '--check', '--file', join(places.etc, name)];
      await t.notThrowsAsync(run('unshare', flags, { env: sbin }), name);
    }
  });

  test(`the shell reads the scripts that are rendered of ${name}`, async (t) => {
    const texts = [...rendered(accepted(example(name)))].filter(([, text]) => text.startsWith('#!/bin/sh'));
    t.true(texts.length > 0);
    for (const [path, text] of texts) {
      const script = join(await temporaryFolder(t), 'script');
      writeFileSync(script, text);
      await t.notThrowsAsync(run('sh', ['-n', script]), path);
    }
  });

  test(`what is rendered of ${name} holds together`, (t) => {
    const files = rendered(accepted(example(name)));
    for (const [path, text] of files) {
      t.notRegex(text, /\{\{|undefined|\[object/, path);
      if (!path.startsWith('sites/')) t.notRegex(text, /PrivateKey = [A-Za-z0-9+/]/, path);
    }
    for (const kind of ['debian', 'container-optimized']) {
      const text = files.get(`user-data.${kind}`) ?? '';
      t.true(text.startsWith('#cloud-config\n'));
      const { write_files, runcmd } = parse(text);
      const paths = write_files.map(({ path }: { path: string }) => path);
      t.true(
        paths.includes('/etc/bootbroker/nginx.conf') && paths.includes('/etc/bootbroker/wireguard.conf'),
      );
      const units = paths.filter((path: string) => path.startsWith('/etc/systemd/system/bootbroker-'));
      const started = runcmd.find((words: string[]) => words.includes('bootbroker-edge.service'));
      for (const unit of units) t.true(started.includes(unit.split('/').at(-1)), unit);
      for (const { path, content } of write_files)
        if (path.startsWith('/etc/bootbroker/')) t.is(files.get(`files${path}`), content);
    }
    t.regex(files.get('Dockerfile') ?? '', /^FROM debian:bookworm-slim@sha256:[0-9a-f]{64}$/m);
    const { services } = parse(files.get('compose.yaml') ?? '');
    t.true('edge' in services && 'tunnel' in services && 'names' in services);
    const { key, neighbours } = example(name);
    for (const path of [key.file, neighbours])
      if (path) t.true(services.edge.volumes.includes(`${dirname(path)}:${dirname(path)}:ro`), path);
  });
}

const cloud = (more: object = {}) => ({ ...example('example.yaml'), ...more });
const mistakesOf = (given: unknown) => {
  const read = readSettings(given);
  return 'mistakes' in read ? read.mistakes : [];
};

test('wrong settings are refused all together, each by its name', (t) => {
  const wrong = {
    ...cloud(),
    listen: '10.10.0.300',
    port: 0,
    colour: 'blue',
    key: { value: 'cloud:c2VjcmV0' },
    broker: { origin: 'https://a.run.app/path' },
    cache: { size: 'much' },
    tunnel: {
      ...tunnelOf([
        { addresses: ['10.10.0.1/24'] },
        { public_key: 'short' },
        { name: 'a b', redirects: 'perhaps' },
      ]),
      endpoint: 'gateway',
    },
  };
  const mistakes = mistakesOf(wrong);
  t.deepEqual(mistakes.map((line) => line.split(':')[0]).toSorted(), [
    'broker.origin',
    'cache.size',
    'colour',
    'key',
    'listen',
    'port',
    'tunnel.endpoint',
    'tunnel.peers.0.addresses.0',
    'tunnel.peers.1.public_key',
    'tunnel.peers.2.name',
    'tunnel.peers.2.redirects',
  ]);
  t.false(mistakes.join().includes('c2VjcmV0'));
});

test('what contradicts itself is refused as well', (t) => {
  const refused = (given: object, name: RegExp) => t.regex(mistakesOf(given).join('\n'), name);
  refused({ ...cloud(), tunnel: undefined }, /^tunnel: /m);
  refused(cloud({ neighbours: '/proc/net/arp' }), /^neighbours: /m);
  refused(cloud({ offline_hours: 2 }), /^offline_hours: /m);
  refused(cloud({ broker: { origin: 'https://broker.example' } }), /^broker\.addresses: /m);
  refused(cloud({ tunnel: tunnelOf([{ name: 'a' }, { name: 'a' }]) }), /^tunnel\.peers\.1: a /m);
  const canaries = (peer: object) =>
    cloud({ tunnel: tunnelOf([{ addresses: ['192.168.7.0/24'], ...peer }]) });
  refused(canaries({}), /^tunnel\.peers\.0\.canary_host: say which host of site-0 /m);
  refused(
    canaries({ canary_host: '192.168.8.1' }),
    /^tunnel\.peers\.0\.canary_host: 192\.168\.8\.1 is none /m,
  );
  t.deepEqual(mistakesOf(canaries({ redirects: 'always' })), []);
  t.deepEqual(mistakesOf(canaries({ canary_host: '192.168.7.1' })), []);
});

test('nothing that would end a word in another program’s configuration gets in', (t) => {
  const evil = ['a; }', 'a b', 'a\nb', 'a"b', '$a', '`a`', "a'b", 'a{b', '../a'];
  const places: ((text: string) => object)[] = [
    (text) => ({ user: text }),
    (text) => ({ listen: text }),
    (text) => ({ key: { file: text } }),
    (text) => ({ key: { secret: text } }),
    (text) => ({ broker: { origin: text } }),
    (text) => ({ broker: { origin: 'https://a.run.app', audience: text } }),
    (text) => ({ certificates: text }),
    (text) => ({ image: `${text} ` }),
    (text) => ({ cache: { slice: text } }),
    (text) => ({ tunnel: tunnelOf([{ name: text }]) }),
    (text) => ({ tunnel: tunnelOf([{ edge_kid: text }]) }),
    (text) => ({ tunnel: tunnelOf([{ endpoint: `${text}:1` }]) }),
    (text) => ({ tunnel: tunnelOf([{ addresses: [text] }]) }),
  ];
  for (const text of evil)
    for (const [n, place] of places.entries())
      if (text !== '../a' || n > 1) t.true(mistakesOf(cloud(place(text))).length > 0, `${n}: ${text}`);
});

test('peers whose addresses overlap are refused: the last of them would silently win', (t) => {
  const clash = (...addresses: string[][]) =>
    mistakesOf(cloud({ tunnel: tunnelOf(addresses.map((own) => ({ addresses: own, redirects: 'never' }))) }));
  t.deepEqual(clash(['192.168.7.0/24'], ['192.168.8.0/24']), []);
  t.deepEqual(clash(['192.168.7.0/24'], ['192.168.7.9']), [
    'tunnel.peers.1.addresses.0: 192.168.7.9 overlaps 192.168.7.0/24 of tunnel.peers.0.addresses.0',
  ]);
  t.is(clash(['192.168.0.0/16', '192.168.7.0/24']).length, 1);
  t.is(clash(['10.10.0.0/24']).length, 1, "the gateway's own address");
  t.true(overlap('0.0.0.0/0', '10.0.0.1') && !overlap('10.0.0.0/25', '10.0.0.128/25'));
});

test('gateway/render writes the files, or says what is wrong', async (t) => {
  const folder = await temporaryFolder(t);
  const settings = join(folder, 'settings.json');
  writeFileSync(settings, JSON.stringify(example('example.yaml')));
  await run(join(gateway, 'render'), [settings, join(folder, 'out')]);
  t.truthy(statSync(join(folder, 'out/user-data.debian')).size);
  t.is(statSync(join(folder, 'out/files/etc/bootbroker/lib/tunnel')).mode & 0o777, 0o755);
  writeFileSync(settings, JSON.stringify({ ...example('example.yaml'), role: 'elsewhere' }));
  const failed = await t.throwsAsync(run(join(gateway, 'render'), [settings, join(folder, 'other')]));
  t.regex((failed as Error & { stderr: string }).stderr, /^role: /);
  t.is(statSync(join(folder, 'other'), { throwIfNoEntry: false }), undefined);
});
