import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nginxFiles } from '../../gateway/nginx.ts';
import { placesUnder } from '../../gateway/places.ts';
import { edgeHeader } from '../../src/sign/x-boot-edge.ts';
import { installed } from '../lab/loaders.ts';
import { powerOn } from '../lab/machine.ts';
import { labNeeds } from '../lab/needs.ts';
import type { Room } from '../lab/room.ts';
import { until } from '../support/http.ts';
import { command, file, needing } from '../support/needs.ts';
import { scaled } from '../support/patience.ts';
import {
  accepted,
  delayMs,
  install,
  nginxIn,
  openRig,
  type Rig,
  register,
  type Span,
  startWireguard,
  stock,
} from './rig.ts';

const test = needing(
  ...labNeeds,
  ...['nginx', 'wg', 'wireguard-go', 'curl', 'mount', 'sysctl', 'tc', 'sha256sum'].map(command),
  file('/usr/sbin/nft'),
  file('/usr/lib/nginx/modules/ngx_http_js_module.so'),
);
const firmware = 'UefiHttpBoot/1.0';
const roundTripMs = 2 * delayMs;

let rig: Rig;
let booted: { readonly machine: string; readonly revision: string };

test.before('a site, a tunnel and a cloud', async (t) => {
  t.timeout(scaled(120_000));
  rig = await openRig();
  await stock(rig);
  await rig.site.run('sh', [join(rig.site.folder, 'canary')]);
});

test.after.always('they are gone', async () => {
  await rig?.close();
});

/** So many seconds of an idle machine, as curl takes them. */
const patience = (some: number) => String(Math.ceil(scaled(some * 1000) / 1000));

/** Runs curl there; resolves to what it printed, and to its exit code when that is not 0. */
async function curl(room: Room, ...words: string[]): Promise<{ text: string; failed?: number }> {
  return room.run('curl', ['-sS', '-m', patience(20), ...words]).then(
    (text) => ({ text }),
    (error) => ({ text: String(error.stdout), failed: Number(error.code) }),
  );
}

const kernelUrl = () => `http://10.10.0.1/asset/${booted.revision}/kernel?machine=${booted.machine}`;
const requests = () =>
  rig.broker().log.filter(({ message, plane }) => message === 'request' && plane === 'boot');

test.serial(
  'firmware boots through the tunnel: first stage by handoff, kernel and initrd by redirect',
  async (t) => {
    t.timeout(scaled(300_000));
    const mac = '52:54:00:00:00:01';
    booted = await register(rig, mac);
    const before = await rig.sent();
    const machine = await powerOn(rig.site, { mac });
    await machine.says(/^bootbroker: reported up/m, 240);
    await machine.off;
    const after = await rig.sent();

    const own = requests().filter(({ source }) => source !== '10.10.0.2');
    const [address] = own.map(({ source }) => source);
    t.regex(String(address), /^10\.77\.0\.(5|6|7|8|9)\d$/);
    t.true(own.every(({ source }) => source === address));
    t.deepEqual(
      own
        .filter(({ path }) => !String(path).endsWith('.ipxe'))
        .map(({ plan, method, path, status }) => [plan, method, path, status]),
      [
        ['stream', 'HEAD', '/boot/x86_64/boot.efi', 200],
        ['handoff', 'GET', '/boot/x86_64/boot.efi', 200],
        ['redirect', 'GET', `/asset/${booted.revision}/kernel`, 302],
        ['redirect', 'GET', `/asset/${booted.revision}/initrd/0`, 302],
        [undefined, 'POST', '/report/up', 200],
      ],
    );
    t.true(
      own.every(({ bytes = 0 }) => bytes === 0),
      'the broker sent no asset byte, by its log',
    );
    const sizes = [installed.firstStage, rig.kernel.image, rig.initrd].map((path) => statSync(path).size);
    const all = sizes.reduce((sum, size) => sum + size, 0);
    t.true(after.broker - before.broker < 50_000, `nor by the wire: ${after.broker - before.broker} bytes`);
    t.true(after.storage - before.storage >= all);
    t.log(
      `storage sent ${after.storage - before.storage} bytes for ${all}, the broker ${after.broker - before.broker}`,
    );

    const [entry] = rig.accessLog().filter(({ plan }) => plan === 'handoff');
    t.like(entry, { path: '/boot/x86_64/boot.efi', cache: 'MISS', address, peer: 'site', bytes: sizes[0] });
  },
);

test.serial('that boot is one trace: spans of gateway, broker, storage and report stand in it', async (t) => {
  const report = requests().find(({ path, machine }) => path === '/report/up' && machine === booted.machine);
  const trace = String(report?.trace_id);
  const { items } = await rig
    .broker()
    .command<{ items: { id: string }[] }>('boots', '--machine', booted.machine);
  t.is(trace, String(items[0]?.id).replaceAll('-', ''));
  const kernel = `/asset/${booted.revision}/kernel`;
  const initrd = `/asset/${booted.revision}/initrd/0`;
  const inTrace = async () => (await rig.spans()).filter(({ traceId }) => traceId === trace);
  const byPath = (spans: readonly Span[], service: string) =>
    spans
      .filter((span) => span.service === service && span.kind === 2)
      .map(({ attributes }) => String(attributes['url.path']));
  const asked = ['/boot.ipxe', kernel, initrd, '/report/up'];
  await until(async () => {
    const spans = await inTrace();
    const [gateway, broker] = ['bootbroker-gateway', 'bootbroker'].map((service) => byPath(spans, service));
    const ofStorage = broker?.filter((path) => path.startsWith('/boot-assets/')) ?? [];
    return asked.every((path) => gateway?.includes(path) && broker?.includes(path)) && ofStorage.length >= 2;
  });
  const spans = await inTrace();
  t.deepEqual(byPath(spans, 'bootbroker-gateway').sort(), [...asked].sort());
  t.true(spans.some(({ name }) => name === 'records addBootEntry'));

  // All of it hangs together: what the gateway was asked first is above all else.
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId));
  t.deepEqual(
    roots.map(({ service, attributes, parentSpanId }) => [service, attributes['url.path'], parentSpanId]),
    [['bootbroker-gateway', '/boot.ipxe', '']],
  );

  // Firmware's own requests, which named nobody, are linked, and those spans are there.
  const script = spans.find(({ spanId }) => spanId === trace.slice(16));
  const all = await rig.spans();
  const linked = (script?.links ?? []).map((link) => all.find((span) => span.spanId === link.spanId));
  t.true(linked.every((span) => span !== undefined));
  const firmwares = linked.filter((span) => span?.attributes['user_agent.original'] === firmware);
  t.deepEqual(
    firmwares.map((span) => span?.attributes['http.request.method']),
    ['HEAD', 'GET'],
  );
  // The gateway fetched the first stage from the storage by handoff.
  const handedOff = all.filter(({ traceId }) => traceId === firmwares[1]?.traceId);
  t.true(handedOff.some(({ attributes }) => attributes['bootbroker.plane'] === 'storage'));
  t.true(handedOff.some(({ service }) => service === 'bootbroker-gateway'));
});

test.serial(
  'a second machine hits the cache, waits while the broker is down, and lives through a cut tunnel',
  async (t) => {
    t.timeout(scaled(300_000));
    const mac = '52:54:00:00:00:02';
    const { revision } = await register(rig, mac);
    const earlier = rig.accessLog().length;
    const log = () => rig.accessLog().slice(earlier);
    const machine = await powerOn(rig.site, { mac });

    const bootMs = 240_000;
    await until(() => log().some(({ plan }) => plan === 'handoff'), bootMs);
    t.like(
      log().find(({ plan }) => plan === 'handoff'),
      { path: '/boot/x86_64/boot.efi', cache: 'HIT' },
    );
    // iPXE has its first script: that one, or what it asks for next, says how to wait.
    await until(() => log().some(({ path, status }) => path === '/boot.ipxe' && status === 200), bootMs);
    await rig.broker().stop('SIGKILL');
    await until(() => log().some(({ status }) => status === 503), bootMs);
    await sleep(10_000);
    await rig.startBroker();

    await until(
      () => log().some(({ path, status }) => path === `/asset/${revision}/kernel` && status === 302),
      bootMs,
    );
    const before = await rig.sent();
    await rig.switchUnderlay();
    await sleep(20_000);
    const cut = await rig.sent();
    await rig.switchUnderlay();
    t.true(cut.storage - before.storage < statSync(rig.kernel.image).size, 'the kernel was not through yet');
    await machine.says(/^bootbroker: reported up/m, 240);
  },
);

test.serial('what a site says of itself counts for nothing', async (t) => {
  const t0 = Math.floor(Date.now() / 1000);
  const forged = (kid: string, key: string, address: string) =>
    edgeHeader(
      { kid, t: t0, address, capabilities: [] },
      { method: 'GET', target: '/boot.ipxe' },
      Buffer.from(key, 'base64url'),
    );
  const ask = async (...headers: string[]) => {
    const earlier = requests().length;
    const flags = ['-A', firmware, ...headers.flatMap((header) => ['-H', header])];
    const { text } = await curl(
      rig.site,
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      ...flags,
      'http://10.10.0.1/boot.ipxe',
    );
    // Not every refusal of a stranger has a line.
    if (text === '200') await until(() => requests().length > earlier);
    return [text, requests().at(-1)?.source];
  };
  const wrong = Buffer.alloc(32).toString('base64url');
  t.deepEqual(await ask('X-Forwarded-For: 10.10.0.9', 'Forwarded: for=10.10.0.9', 'X-Real-IP: 10.10.0.9'), [
    '200',
    '10.10.0.2',
  ]);
  t.deepEqual(
    await ask(`X-Boot-Edge: ${forged('cloud', wrong, '10.10.0.9')}`),
    ['200', '10.10.0.2'],
    'replaced by the truth',
  );
  t.is(
    (await ask(`X-Boot-Edge: ${forged('site', wrong, '10.77.0.9')}`))[0],
    '403',
    'the edge of the site, without its key',
  );
  t.is(
    (await ask(`X-Boot-Edge: ${forged('site', rig.edgeKeys.site, '10.10.0.9')}`))[0],
    '403',
    'with its key, for an address elsewhere',
  );
  t.deepEqual(
    await ask(`X-Boot-Edge: ${forged('site', rig.edgeKeys.site, '10.77.0.9')}`),
    ['200', '10.77.0.9'],
    'for one of its own',
  );
});

test.serial('through the tunnel are the gateway and the storage to be had, and nothing else', async (t) => {
  await rig.gateway.run('ip', ['address', 'add', '169.254.169.254/32', 'dev', 'lo']);
  const server = `require('http').createServer((_, answer) => answer.end('a token')).listen(80, '169.254.169.254', () => console.log('ready'))`;
  await once(rig.gateway.start(process.execPath, ['-e', server]).stdout, 'data');
  t.is((await curl(rig.gateway, 'http://169.254.169.254/')).text, 'a token');
  // The site's own WireGuard is the site's to change.
  await rig.site.run('wg', ['set', 'wg0', 'peer', rig.keys.gateway.public, 'allowed-ips', '0.0.0.0/0']);
  for (const network of ['169.254.169.254', '10.128.0.0/24'])
    await rig.site.run('ip', ['route', 'add', network, 'dev', 'wg0']);
  t.is((await curl(rig.site, '-m', '3', 'http://169.254.169.254/')).failed, 28);
  t.is((await curl(rig.site, '-m', '3', 'http://10.128.0.2:8080/healthz')).failed, 28, 'the broker itself');
  t.is(
    (await curl(rig.site, '-m', '3', 'http://10.10.0.1:9145/metrics')).failed,
    28,
    "the gateway's own port",
  );
  t.is(
    (await curl(rig.site, '-m', patience(5), '-o', '/dev/null', 'http://199.36.153.9/')).failed,
    undefined,
  );
});

test.serial('a peer speaks for its own addresses, as long as it is one', async (t) => {
  const { underlay } = rig;
  await startWireguard(underlay);
  writeFileSync(join(underlay.folder, 'key'), rig.keys.stranger.private);
  const peer = [
    'peer',
    rig.keys.gateway.public,
    'endpoint',
    '198.51.100.2:51820',
    'allowed-ips',
    '10.10.0.1/32',
  ];
  await underlay.run('wg', ['set', 'wg0', 'private-key', join(underlay.folder, 'key'), ...peer]);
  for (const address of ['10.10.0.3', '10.10.0.2'])
    await underlay.run('ip', ['address', 'add', `${address}/32`, 'dev', 'wg0']);
  await underlay.run('ip', ['link', 'set', 'wg0', 'mtu', '1380', 'up']);
  await underlay.run('ip', ['route', 'add', '10.10.0.1/32', 'dev', 'wg0']);
  const asking = async (address: string) =>
    (
      await curl(
        underlay,
        '-m',
        patience(3),
        '-o',
        '/dev/null',
        '--interface',
        address,
        'http://10.10.0.1/boot.ipxe',
      )
    ).failed;
  t.is(await asking('10.10.0.3'), undefined);
  await until(() => requests().at(-1)?.source === '10.10.0.3'); // its line comes when the answer has gone
  t.is(await asking('10.10.0.2'), 28, 'an address of another peer');

  const running = curl(
    rig.site,
    '-A',
    firmware,
    '-m',
    patience(60),
    '--limit-rate',
    '4M',
    '-o',
    '/dev/null',
    '-w',
    '%{size_download}',
    kernelUrl(),
  );
  await rig.setPeers(['site']);
  t.is(await asking('10.10.0.3'), 28, 'removed');
  t.is((await running).text, String(statSync(rig.kernel.image).size), 'what ran through the tunnel ran on');
});

test.serial('a transfer that a restart of nginx cut goes on where it was', async (t) => {
  const got = join(rig.site.folder, 'got');
  const flags = ['-A', firmware, '-m', patience(60), '-o', got];
  const running = curl(rig.site, ...flags, '--limit-rate', '4M', kernelUrl());
  await until(() => statSync(got, { throwIfNoEntry: false })?.size);
  rig.nginx.kill('SIGKILL');
  t.is((await running).failed, 18, 'cut short, and said so');
  rig.nginx = await rig.startNginx();
  t.is((await curl(rig.site, ...flags, '-C', '-', kernelUrl())).failed, undefined);
  t.true(readFileSync(got).equals(readFileSync(rig.kernel.image)));
});

test.serial('round trips until the first byte of the kernel', async (t) => {
  const head = [
    '-o',
    '/dev/null',
    '-r',
    '0-1023',
    '-w',
    '%{time_starttransfer} %{time_namelookup} %{http_code}',
  ];
  const target = new URL(kernelUrl());
  const statement = { kid: 'site', t: Math.floor(Date.now() / 1000), address: '10.77.0.9', capabilities: [] };
  const key = Buffer.from(rig.edgeKeys.site, 'base64url');
  const without = edgeHeader(statement, { method: 'GET', target: target.pathname + target.search }, key);
  const located = await curl(
    rig.site,
    '-A',
    'iPXE/1.21.1',
    '-o',
    '/dev/null',
    '-w',
    '%{redirect_url}',
    kernelUrl(),
  );
  await rig.site.run('sh', [join(rig.site.folder, 'canary')]);
  const trips = async (...words: string[]) => {
    const tries: number[] = [];
    for (const _ of [1, 2, 3]) {
      const { text } = await curl(rig.site, ...head, ...words);
      const [seconds, names, status] = text.split(' ');
      t.is(status, '206', text);
      tries.push(Number(seconds) - Number(names));
    }
    return Number(((Math.min(...tries) * 1000) / roundTripMs).toFixed(1));
  };
  const counted = {
    redirect: await trips('-L', '-A', 'iPXE/1.21.1', kernelUrl()),
    handoff: await trips('-A', firmware, kernelUrl()),
    stream: await trips('-A', firmware, '-H', `X-Boot-Edge: ${without}`, kernelUrl()),
    'signed URL in the script': await trips(located.text),
  };
  t.log(
    `round trips of ${roundTripMs} ms, connections included, looking up names not: ${JSON.stringify(counted)}`,
  );
  t.true(counted.handoff >= 2 && counted.redirect >= 4);
});

test.serial('twenty machines of a site with its own edge fetch an image once, at 100 Mbit/s', async (t) => {
  t.timeout(scaled(120_000));
  const { site, underlay } = rig;
  await underlay.run('tc', [
    'qdisc',
    'add',
    'dev',
    'c2',
    'root',
    'tbf',
    'rate',
    '100mbit',
    'burst',
    '256kb',
    'latency',
    '100ms',
  ]);
  const places = placesUnder(site.folder);
  writeFileSync(join(site.folder, 'edge.key'), `site:${rig.edgeKeys.site}`);
  const settings = accepted({
    role: 'site',
    listen: '10.77.0.1',
    key: { file: join(site.folder, 'edge.key') },
    user: 'root',
    neighbours: '/proc/net/arp',
    broker: { origin: 'http://10.10.0.1' },
    storage: { origin: 'http://storage.googleapis.com' },
  });
  install(places, nginxFiles(settings, places));
  await nginxIn(site, places);
  const machines = Array.from({ length: 20 }, (_, n) => `10.77.0.${100 + n}`);
  for (const address of machines) await site.run('ip', ['address', 'add', `${address}/24`, 'dev', 'br0']);
  const before = await rig.sent();
  const url = kernelUrl().replace('10.10.0.1', '10.77.0.1');
  const started = performance.now();
  const sums = await Promise.all(
    machines.map((address) =>
      site.run('sh', ['-c', `curl -sS -m ${patience(90)} --interface ${address} '${url}' | sha256sum`]),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  const [sum = ''] = String(execFileSync('sha256sum', [rig.kernel.image])).split(' ');
  t.deepEqual(new Set(sums.map((line) => line.split(' ')[0])), new Set([sum]));
  const after = await rig.sent();
  const { size } = statSync(rig.kernel.image);
  const sent = after.storage - before.storage;
  t.true(sent >= size && sent < size * 1.15, `the storage sent ${sent} bytes for ${size}`);
  t.log(
    `20 machines had ${size} bytes each in ${seconds.toFixed(1)} s; the storage sent ${sent}, headers included`,
  );
  const own = requests()
    .filter(({ edge }) => edge === 'site')
    .slice(-20);
  t.deepEqual(own.map(({ source }) => source).toSorted(), machines);
  t.true(own.every(({ plan }) => plan === 'handoff'));
});

test.serial('no log of a gateway has a signature', (t) => {
  for (const { folder } of [rig.gateway, rig.site])
    for (const name of ['access.log', 'error.log']) {
      const log = readFileSync(join(placesUnder(folder).log, name), 'utf8');
      t.false(/X-Goog|Signature/i.test(log), name);
    }
});
