import anyTest, { type TestFn } from 'ava';
import { ofAnyBoot } from '../../support/boots.ts';
import { addMachine, addProfile, brokerFor, push } from '../../support/broker.ts';
import { say } from '../../support/http.ts';
import { agents, mac, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn<Site>;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

test('firmware gets the first stage from every boot URL, with all that it checks', async (t) => {
  for (const path of [
    '/boot.ipxe',
    '/boot.efi',
    '/boot/x86_64/boot.ipxe',
    '/boot/16/boot.efi',
    '/m/525400aabb01/boot.efi',
  ]) {
    const head = await site.boot(path, { method: 'HEAD', userAgent: agents.firmware });
    const get = await site.boot(path, { userAgent: agents.firmware });
    for (const { status, headers, names } of [head, get]) {
      t.is(status, 200, path);
      t.is(headers['content-type'], 'application/efi');
      t.is(headers['content-length'], '5000');
      t.is(headers.vary, 'User-Agent');
      t.is(headers['cache-control'], 'no-store');
      t.is(headers.location, undefined);
      t.true(names.includes('Content-Length'));
    }
    t.is(head.body.length, 0);
    t.deepEqual(get.body, site.bytes.efi);
  }
});

test('iPXE that has not said who it is gets the script that makes it say so', async (t) => {
  for (const query of ['', '?mac=${net0/mac}', '?mac=', `?mac=${mac}&mac=${mac}`]) {
    const { status, headers, text } = await site.boot(`/boot.ipxe${query}`, { userAgent: agents.ipxe });
    t.is(status, 200, query);
    t.regex(text, /^#!ipxe\n/);
    t.regex(text, /^chain .* \/boot\.ipxe\?mac=\$\{netX\/mac:hexhyp\}&uuid=\$\{uuid\}&serial=/m);
    t.is(headers.vary, 'User-Agent');
    t.is(headers['cache-control'], 'no-store');
    t.is(headers['content-length'], String(text.length));
  }
  const head = await site.boot('/boot.ipxe', { userAgent: agents.ipxe, method: 'HEAD' });
  t.deepEqual([head.status, head.body.length], [200, 0]);
  t.true(Number(head.headers['content-length']) > 100);
});

test('iPXE that says who it is gets its own script, however it spells it', async (t) => {
  const ways = [
    '/boot.ipxe?mac=52:54:00:aa:bb:01',
    '/boot.ipxe?mac=52%3A54%3A00%3AAA%3ABB%3A01',
    '/boot.efi?mac=52-54-00-aa-bb-01&uuid=${uuid}',
    '/boot/x86_64/boot.ipxe?mac=525400aabb01',
    '/boot.ipxe?serial=SN%201',
    '/m/52-54-00-aa-bb-01/boot.ipxe',
    '/m/52:54:00:AA:BB:01/boot.ipxe?x=y',
  ];
  for (const way of ways)
    for (const userAgent of [agents.ipxe, agents.oldIpxe]) {
      const { status, text } = await site.boot(way, { userAgent });
      t.is(status, 200, way);
      t.true(text.includes(`machine ${site.machine} boots debian, revision ${site.revision}`), way);
      t.true(
        ofAnyBoot(text).includes(
          `/asset/${site.revision}/kernel?machine=${site.machine} initrd=initrd0 console=ttyS0`,
        ),
      );
    }
});

test('beside any first stage lies the script that newer iPXE runs before it has an address', async (t) => {
  for (const path of ['/autoexec.ipxe', '/boot/arm64/autoexec.ipxe', '/m/52-54-00-aa-bb-01/autoexec.ipxe']) {
    const { status, text } = await site.boot(path, { userAgent: agents.ipxe });
    t.is(status, 200, path);
    t.regex(text, /^ifconf/m);
  }
});

test('an architecture without a first stage is a 404 that says what to push', async (t) => {
  const { status, json } = await site.boot('/boot/arm64/boot.efi', { userAgent: agents.firmware });
  t.is(status, 404);
  t.regex(json.detail, /no first stage for arm64\. Push one: .*--arch arm64/);
  for (const arch of ['riscv64', 'constructor'])
    t.is((await site.boot(`/boot/${arch}/boot.efi`)).json.type, 'urn:bootbroker:problem:no-such-route', arch);
});

test('every asset route serves its bytes to those who cannot follow, and sends the rest to the storage', async (t) => {
  const { kernel, initrd } = site.bytes;
  const { revision, machine } = site;
  const forGood = 'private, max-age=31536000, immutable, no-transform';
  const routes: readonly (readonly [string, Buffer, string])[] = [
    [`/asset/${revision}/kernel`, kernel, forGood],
    [`/asset/${revision}/kernel?machine=${machine}`, kernel, forGood],
    [`/asset/${revision}/kernel?machine=nobody`, kernel, forGood],
    [`/asset/${revision}/initrd`, initrd, forGood],
    [`/asset/${revision}/initrd/0`, initrd, forGood],
    ['/m/52-54-00-aa-bb-01/kernel', kernel, 'no-cache'],
    ['/m/525400aabb01/initrd/0', initrd, 'no-cache'],
    ['/assets/debian:12:x86_64/kernel', kernel, forGood],
    ['/assets/debian%3A12%3Ax86_64/initrd', initrd, forGood],
    [`/assets/${site.kernel.id}/initrd`, initrd, forGood],
    [`/assets/${site.initrd.id}/kernel`, kernel, forGood],
    ['/assets/debian/kernel', kernel, 'no-cache'],
    ['/kernels/debian.img', kernel, 'no-cache'],
    ['/kernels/debian.img?arch=amd64', kernel, 'no-cache'],
    ['/initrd/debian.img', initrd, 'no-cache'],
    ['/assets/debian:12:amd64/kernel', kernel, forGood],
    ['/assets/debian:12/kernel', kernel, forGood],
    ['/assets/debian:12/kernel?arch=x64', kernel, forGood],
    ['/assets/debian-kernel.img', kernel, 'no-cache'],
    ['/assets/debian-initrd.img', initrd, 'no-cache'],
    ['/assets/debian-initrd.img?arch=amd64', initrd, 'no-cache'],
  ];
  for (const [path, bytes, cacheControl] of routes) {
    const streamed = await site.boot(path, { userAgent: agents.grub });
    t.is(streamed.status, 200, path);
    t.deepEqual(streamed.body, bytes, path);
    t.is(streamed.headers['cache-control'], cacheControl, path);
    const redirected = await site.boot(path, { userAgent: agents.ipxe });
    t.is(redirected.status, 302, path);
    t.is(redirected.headers['cache-control'], 'no-store', path);
    t.is(redirected.headers['content-length'], String(redirected.body.length), path);
    t.notRegex(redirected.text, /http/);
    t.deepEqual(
      Buffer.from(await (await fetch(redirected.headers.location ?? '')).arrayBuffer()),
      bytes,
      path,
    );
    const head = await site.boot(path, { userAgent: agents.ipxe, method: 'HEAD' });
    t.deepEqual([head.status, head.headers['content-length']], [200, String(bytes.length)], path);
  }
});

test('what a profile, an image or a machine does not have is a problem of its own', async (t) => {
  const { revision } = site;
  const types: Readonly<Record<string, string>> = {
    [`/asset/${revision}/efi`]: 'unknown-asset',
    [`/asset/${revision}/initrd/1`]: 'unknown-asset',
    [`/asset/${revision}/initrd/00`]: 'unknown-asset',
    [`/asset/${revision}/grub.cfg`]: 'unknown-asset',
    '/asset/nothing/kernel': 'unknown-profile',
    '/assets/nothing/kernel': 'unknown-asset',
    '/assets/debian/efi': 'unknown-asset',
    '/assets/debian:13:x86_64/kernel': 'unknown-asset',
    '/assets/debian:12:riscv/kernel': 'unknown-asset',
    '/assets/debian:12:arm64/kernel': 'unknown-asset',
    '/assets/debian::arm64/kernel': 'bad-request-target',
    '/assets/debian.img': 'no-such-route',
    '/assets/debian-efi.img': 'no-such-route',
    '/assets/-kernel.img': 'bad-request-target',
    '/kernels/debian.img?arch=mips': 'bad-input',
    '/kernels/debian.img?arch=arm64': 'unknown-asset',
    '/kernels/grub.cfg': 'no-such-route',
    '/kernels/.img': 'bad-request-target',
    '/kernels/...img': 'bad-request-target',
    '/m/52-54-00-aa-bb-99/kernel': 'unknown-machine',
    '/m/01-00-5e-00-00-01/kernel': 'bad-identity',
    '/m/not-a-mac/kernel': 'bad-identity',
    '/nothing': 'no-such-route',
    '/': 'no-such-route',
  };
  for (const [path, type] of Object.entries(types)) {
    const { status, headers, json } = await site.boot(path);
    t.is(json.type, `urn:bootbroker:problem:${type}`, path);
    t.is(json.status, status, path);
    t.is(headers['content-type'], 'application/problem+json', path);
    t.is(headers['cache-control'], 'no-store', path);
    t.is(headers['retry-after'], undefined, path);
  }
});

test('the machine in a path is the one that counts, whatever its query says', async (t) => {
  const other = await addMachine(site, { macs: ['52:54:00:aa:bb:77'] });
  const { json } = await site.boot(`/m/52-54-00-aa-bb-77/kernel?machine=${site.machine}`);
  t.is(json.type, 'urn:bootbroker:problem:no-profile');
  t.true(json.detail.includes(other.id));
});

test('a newer kernel whose initrd is not there yet is not booted by name', async (t) => {
  const broker = await brokerFor(t);
  const [old, young] = [Buffer.from('old'), Buffer.from('young')];
  await push(broker, { kind: 'kernel', name: 'k', version: '1', bytes: old });
  await push(broker, { kind: 'initrd', name: 'k', version: '1', bytes: old });
  await push(broker, { kind: 'kernel', name: 'k', version: '2', bytes: young });
  for (const path of ['/kernels/k.img', '/initrd/k.img', '/assets/k/kernel'])
    t.is((await broker.boot(path)).text, 'old', path);
  await push(broker, { kind: 'initrd', name: 'k', version: '2', bytes: young });
  for (const path of ['/kernels/k.img', '/initrd/k.img', '/assets/k/kernel'])
    t.is((await broker.boot(path)).text, 'young', path);
});

test('NAME-kernel.img loses one ending, so that an image whose name ends so as well has its own', async (t) => {
  const broker = await brokerFor(t);
  for (const name of ['talos', 'talos-kernel', 'talos-initrd'])
    for (const kind of ['kernel', 'initrd'] as const)
      await push(broker, { kind, name, bytes: Buffer.from(`${kind} of ${name}`) });
  const said: Readonly<Record<string, string>> = {
    '/assets/talos-kernel.img': 'kernel of talos',
    '/assets/talos-initrd.img': 'initrd of talos',
    '/assets/talos-kernel-kernel.img': 'kernel of talos-kernel',
    '/assets/talos-kernel-initrd.img': 'initrd of talos-kernel',
    '/assets/talos-initrd-initrd.img': 'initrd of talos-initrd',
  };
  for (const [path, text] of Object.entries(said)) t.is((await broker.boot(path)).text, text, path);
});

test('versions as distributions have them are served, listed and booted; a plus in a path is a plus', async (t) => {
  const broker = await brokerFor(t);
  const machine = await addMachine(broker, { macs: ['52:54:00:aa:bb:03'] });
  for (const version of ['20230607+deb12u15', '1:6.1~rc1', '1.30+k3s1', '20230607_deb12u15']) {
    const bytes = Buffer.from(`the kernel ${version}`);
    const { object } = await push(broker, { kind: 'kernel', name: 'd-i', version, bytes });
    t.regex(object, /^assets\/[0-9a-f-]{36}\/[A-Za-z0-9._-]+$/);
    for (const spelled of [version, encodeURIComponent(version), `${version}:amd64`]) {
      const path = `/assets/d-i:${spelled}/kernel`;
      const { status, text, headers } = await broker.boot(path, { userAgent: agents.grub });
      t.deepEqual([status, text], [200, String(bytes)], path);
      t.regex(headers['content-disposition'] ?? '', /^attachment; filename="[A-Za-z0-9._-]+"$/);
      const redirected = await broker.boot(path, { userAgent: agents.ipxe });
      t.is(await (await fetch(redirected.headers.location ?? '')).text(), String(bytes), path);
    }
    const { json } = await broker.admin(`/api/v1/assets?version=${encodeURIComponent(version)}&arch=AMD64`);
    t.deepEqual(
      json.items.map((one: { version: string }) => one.version),
      [version],
    );
    const { id } = await addProfile(broker, {
      name: 'd-i',
      machine_id: machine.id,
      kernel: `d-i@${version}`,
    });
    t.is((await broker.boot(`/asset/${id}/kernel`)).text, String(bytes));
  }
  t.is((await broker.boot('/assets/d-i:20230607%20deb12u15/kernel')).status, 400);
});

test('an architecture may be spelled as distributions do wherever an administrator names it', async (t) => {
  const broker = await brokerFor(t);
  const bytes = Buffer.from('for arm');
  const kernel = await push(broker, { kind: 'kernel', name: 'a', arch: 'aarch64' as 'arm64', bytes });
  t.is(kernel.arch, 'arm64');
  t.is((await addProfile(broker, { name: 'a', arch: 'AArch64', kernel: 'a@1' })).arch, 'arm64');
  const found = async (arch: string) => (await broker.admin(`/api/v1/assets?arch=${arch}`)).json.items.length;
  t.deepEqual([await found('aarch64'), await found('arm64'), await found('x64')], [1, 1, 0]);
  const rule = { name: 'r', priority: 1, profile: 'a', selector: { arch: 'aarch64' } };
  const { status, json } = await broker.admin('/api/v1/rules', rule);
  t.deepEqual([status, json.selector], [201, { arch: 'arm64' }]);
  const desired = { profiles: [{ name: 'a', arch: 'aa64', kernel: 'a@1' }] };
  t.deepEqual((await broker.admin('/api/v1/apply', desired)).json.changes, []);
  for (const arch of ['i386', 'riscv64', '19'])
    t.is((await broker.admin('/api/v1/uploads', { kind: 'kernel', name: 'b', arch })).status, 400, arch);
  t.is((await broker.boot('/assets/a:1:aarch64/kernel')).text, 'for arm');
});

test('an unknown machine is 404 and told how to become known; or sent on to its disk', async (t) => {
  const asking = { userAgent: agents.ipxe };
  const { status, json } = await site.boot('/boot.ipxe?mac=52-54-00-00-00-99', asking);
  t.is(status, 404);
  t.is(json.type, 'urn:bootbroker:problem:unknown-machine');
  t.regex(json.detail, /bootbroker machine add --mac 52:54:00:00:00:99$/);
  const exits = await brokerFor(t, { settings: { BROKER_UNKNOWN_MACHINE: 'exit' } });
  const { text, headers } = await exits.boot('/boot.ipxe?mac=52-54-00-00-00-99', asking);
  t.regex(text, /^#!ipxe\n.*exit 1\n$/s);
  t.is(headers['cache-control'], 'no-store');
  t.is((await exits.boot('/m/52-54-00-00-00-99/kernel', asking)).status, 404);
});

test('a machine that boots from networks of its own is refused from elsewhere, on every route', async (t) => {
  const there = '52:54:00:aa:bb:55';
  const { id } = await addMachine(site, { macs: [there], networks: ['10.20.0.0/16'] });
  await addProfile(site, { name: 'there', machine_id: id, kernel: 'debian@12' });
  for (const path of [
    `/boot.ipxe?mac=${there}`,
    `/m/${there}/boot.ipxe`,
    `/m/${there}/kernel`,
    `/asset/${site.revision}/kernel?machine=${id}`,
    `/report/up?mac=${there}`,
    `/report/up?machine=${id}`,
  ]) {
    const { status, json } = await site.boot(path, { userAgent: agents.ipxe });
    t.is(status, 403, path);
    t.is(json.type, 'urn:bootbroker:problem:machine-not-here', path);
  }
});

test('U-Boot, which sends HTTP/1.0 and not a single header, gets an answer that it can read', async (t) => {
  const answer = await say(site.bootPort, 'GET /initrd/debian.img HTTP/1.0\r\n\r\n');
  const end = answer.indexOf('\r\n\r\n');
  const head = answer.slice(0, end);
  t.regex(head, /^HTTP\/1\.1 200 OK\r\n/);
  t.regex(head, /\r\nContent-Length: 70000(\r\n|$)/);
  t.true(head.length < 2048);
  t.true(Buffer.from(answer.slice(end + 4), 'latin1').equals(site.bytes.initrd));
});

test('a Host without port, or of another name, changes nothing: nothing is made of it', async (t) => {
  for (const host of ['10.0.0.1', 'evil.example:1']) {
    const answer = await say(
      site.bootPort,
      `GET /kernels/debian.img HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agents.ipxe}\r\nConnection: close\r\n\r\n`,
    );
    t.regex(answer, new RegExp(`\r\nLocation: ${site.parts.localgcs.origin}/`));
    t.false(answer.includes(host));
  }
});
