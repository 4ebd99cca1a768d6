import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { addMachine } from '../../support/broker.ts';
import { temporaryFolder } from '../../support/child.ts';
import { command, needing } from '../../support/needs.ts';
import { scaled } from '../../support/patience.ts';
import { agents, mac, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
const run = promisify(execFile);
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

let last = 0;
async function machine() {
  last += 1;
  const mac = `52:54:00:0c:00:${String(last).padStart(2, '0')}`;
  const { id } = await addMachine(site, { macs: [mac] });
  const events = async () => (await site.admin(`/api/v1/boots?machine=${id}`)).json.items.length;
  return { mac, id, events };
}

const chrome =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
const powerShell = 'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1';
const browsers: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a page of another origin', { Origin: 'http://page.example' }],
  ['a page of no origin', { Origin: 'null' }],
  ['fetch metadata', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'image' }],
  ['fetch metadata of a neighbour', { 'Sec-Fetch-Site': 'same-site' }],
  ['a page elsewhere', { Referer: 'http://page.example/a' }],
  ['a page on another port', { Referer: 'http://127.0.0.1:1/a' }],
  ['a Referer that is no URL', { Referer: 'about' }],
  ['nothing but its own name', { 'User-Agent': chrome }],
  ['another case', { 'User-Agent': chrome.toLowerCase() }],
  ['even an address that somebody typed', { 'User-Agent': chrome, 'Sec-Fetch-Site': 'none' }],
  ['PowerShell that a page calls itself', { 'User-Agent': powerShell, Origin: 'http://page.example' }],
];
for (const [name, headers] of browsers)
  test(`no report is taken from a browser: ${name}`, async (t) => {
    const { mac, events } = await machine();
    for (const method of ['GET', 'POST', 'HEAD']) {
      const { status, text } = await site.boot(`/report/up?mac=${mac}`, { method, headers });
      t.is(status, 403, method);
      if (method !== 'HEAD') t.is(JSON.parse(text).type, problem('from-a-browser'));
    }
    t.is(await events(), 0);
  });

const programs: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['curl', { 'User-Agent': 'curl/8.5.0' }],
  ['busybox', { 'User-Agent': 'Wget' }],
  ['a program that says nothing of itself', {}],
  ['iPXE', { 'User-Agent': agents.ipxe }],
  ['Windows PowerShell', { 'User-Agent': powerShell }],
  [
    'PowerShell 7',
    { 'User-Agent': 'Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.26100; en-US) PowerShell/7.4.6' },
  ],
  ['the UEFI shell', { 'User-Agent': 'Mozilla/5.0 (EDK2; Linux) HttpDynamicCommand' }],
  ['fetch() of Node, whose page is none', { 'User-Agent': 'node', 'Sec-Fetch-Mode': 'cors' }],
];
for (const [name, headers] of programs)
  test(`a report is taken from ${name}`, async (t) => {
    const { mac, events } = await machine();
    t.is((await site.boot(`/report/up?mac=${mac}`, { headers })).status, 200);
    t.is(await events(), 1);
  });

test('what a browser asks for makes no machine pending and is no boot of any', async (t) => {
  const { id, mac, events } = await machine();
  await site.boot('/boot.ipxe?mac=52:54:00:0c:0f:01', { userAgent: chrome });
  await site.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe, headers: { Origin: 'null' } });
  const read = await site.boot(`/asset/${site.revision}/kernel?machine=${id}`, { userAgent: chrome });
  t.true(read.status < 400); // whoever looks may look
  t.is(await events(), 0);
  const pending = (await site.admin('/api/v1/machines/pending')).json;
  t.false(JSON.stringify(pending).includes('52:54:00:0c:0f:01'));
});

// By plain http to a name that is not this machine's own, as on a real network: there Chromium sends no Sec-Fetch headers.
needing(command('chromium'))(
  'a page in Chromium reports for no machine, by image, form, fetch, beacon or frame',
  async (t) => {
    const { mac, events } = await machine();
    const url = (way: string) => `http://boot.test:${site.bootPort}/report/by-${way}?mac=${mac}`;
    const page = createServer((_, response) =>
      response.setHeader('Content-Type', 'text/html').end(`<!doctype html>
      <img src="${url('image')}"><img referrerpolicy="no-referrer" src="${url('silent')}">
      <iframe src="${url('frame')}"></iframe><iframe name="in"></iframe>
      <form method="post" enctype="text/plain" target="in" action="${url('form')}"><input name="a" value="b"></form>
      <script>document.forms[0].submit(); fetch('${url('fetch')}', { mode: 'no-cors', method: 'POST', body: 'x' });
      navigator.sendBeacon('${url('beacon')}', 'x')</script>`),
    ).listen(0, '127.0.0.1');
    t.teardown(() => page.close());
    await once(page, 'listening');
    const { port } = page.address() as AddressInfo;
    await run(
      'chromium',
      [
        ...[
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-dev-shm-usage',
          '--disable-background-networking',
        ],
        `--user-data-dir=${await temporaryFolder(t)}`,
        '--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND',
        ...['--virtual-time-budget=5000', '--dump-dom', `http://page.test:${port}/`],
      ],
      { timeout: scaled(60_000) },
    );
    const refused = site.log.flatMap(({ problem, path }) => (problem === 'from-a-browser' ? [path] : []));
    for (const way of ['image', 'silent', 'frame', 'form', 'fetch', 'beacon'])
      t.true(refused.includes(`/report/by-${way}`), way);
    t.is(await events(), 0);
  },
);

test('with BROKER_BOOT_HOSTS the boot plane answers under these hosts alone; probes answer under any', async (t) => {
  const listed = await startSite({
    settings: { BROKER_BOOT_HOSTS: 'Boot.example, 10.0.0.1:8080, [fd00::1]' },
  });
  t.teardown(() => listed.close());
  const asked = async (host: string, target: string) => {
    const { status, text } = await listed.boot(target, { headers: { Host: host }, userAgent: agents.ipxe });
    return [status, status === 421 ? JSON.parse(text).type : undefined];
  };
  const script = `/boot.ipxe?mac=${mac}`;
  for (const host of ['boot.example', 'BOOT.example:8080', '10.0.0.1:8080', '[fd00::1]', '[FD00::1]:99'])
    t.is((await asked(host, script))[0], 200, host);
  for (const host of [
    'attacker.example',
    'boot.example.',
    'boot.example:8080:1',
    'x.boot.example',
    '10.0.0.1',
    '10.0.0.1:81',
    `127.0.0.1:${listed.bootPort}`,
    'localhost',
    'fd00::1',
  ])
    for (const target of [script, `/m/${mac}/kernel`, `/report/up?mac=${mac}`, '/openapi.json', '/nothing'])
      t.deepEqual(await asked(host, target), [421, problem('misdirected')], `${host} ${target}`);
  // The authority of an absolute-form target counts instead of Host (RFC 9112 section 3.2.2).
  t.deepEqual(await asked('boot.example', `http://attacker.example${script}`), [421, problem('misdirected')]);
  t.is((await asked('attacker.example', `http://boot.example${script}`))[0], 200);
  for (const target of ['/healthz', '/health/liveness', '/readyz'])
    t.is((await asked('kubelet', target))[0], 200);
});
