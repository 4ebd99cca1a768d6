import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { composed } from '../../gateway/containers.ts';
import { folders } from '../../gateway/folders.ts';
import { placesUnder } from '../../gateway/places.ts';
import { installed, services } from '../../gateway/services.ts';
import { unit } from '../../gateway/units.ts';
import { openRoom } from '../lab/room.ts';
import { temporaryFolder } from '../support/child.ts';
import { until } from '../support/http.ts';
import { command, file, needing, root } from '../support/needs.ts';
import { byCompose, byUnit, type Confinement, confined, runConfined } from './confined.ts';
import { fakeFor } from './fakes.ts';
import { tunnelOf } from './gateway.ts';
import { accepted, install, nft, startWireguard } from './rig.ts';

const tools = ['unshare', 'nsenter', 'setpriv', 'mount', 'ip', 'nginx', 'curl'].map(command);
const test = needing(root, ...tools);

const cloud = (more: object = {}) =>
  accepted({
    role: 'cloud',
    listen: '10.77.0.1',
    key: { secret: 'projects/p/secrets/edge' },
    broker: { origin: 'https://broker-1.a.run.app' },
    tunnel: {
      ...tunnelOf([{ addresses: ['10.77.0.1'] }]),
      address: '10.10.0.1/32',
      key: { secret: 'projects/p/secrets/wireguard' },
    },
    ...more,
  });

/** The gateway's files under a folder, its own folders as they are to be made, and how each program is confined. */
function laid(folder: string, settings = cloud()) {
  chmodSync(folder, 0o755);
  const places = placesUnder(folder);
  install(places, installed(settings, places));
  for (const { path, mode, owner, group } of folders(settings, places))
    execFileSync('install', ['-d', '-m', mode, '-o', owner, '-g', group, path]);
  const running = services(settings, places);
  const compose = stringify(composed(settings, places, running));
  const of = (name: string): Record<'unit' | 'container', Confinement> => {
    const service = running.find((each) => each.name === name);
    if (!service) throw new Error(`there is no ${name}`);
    return { unit: byUnit(unit(service)[1]), container: byCompose(compose, name) };
  };
  return { places, of };
}

const kinds = ['unit', 'container'] as const;

for (const kind of kinds) {
  test(`nginx runs confined by its ${kind}: as its user, with one capability, and writes where it should`, async (t) => {
    const room = await openRoom();
    t.teardown(() => room.close());
    const { places, of } = laid(room.folder);
    const key = join(places.run, 'keys/edge.key');
    writeFileSync(key, 'cloud:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8', { mode: 0o640 });
    chownSync(key, 0, 33);
    const confinement = of('edge')[kind];
    const [program = '', ...args] = confined(confinement);
    const nginx = room.start(program, args);
    nginx.stderr.resume();
    // Not killed: its workers would live on.
    const ended = once(nginx, 'close');
    t.teardown(async () => {
      nginx.kill('SIGTERM');
      await ended;
    });
    const ask = (target: string) =>
      room.run('curl', ['-s', '-m', '20', '-w', ' %{http_code}', `http://10.77.0.1${target}`]);
    await until(async () => (await ask('/nothing').catch(() => '')).endsWith(' 404'));
    t.is(await ask('/canary?storage=ok'), ' 204');
    t.true(existsSync(join(places.run, 'canary/site-0')));
    t.regex(
      await room.run('curl', ['-s', 'http://127.0.0.1:9145/metrics']),
      /^bootbroker_gateway_edge_key 1$/m,
    );

    const pid = Number(readFileSync(join(places.run, 'edge/nginx.pid'), 'utf8'));
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    for (const each of [pid, ...workers]) {
      const status = readFileSync(`/proc/${each}/status`, 'utf8');
      t.regex(status, /^Uid:\s+33\s+33\s+33\s+33$/m);
      t.regex(status, /^NoNewPrivs:\s+1$/m);
      for (const set of ['CapPrm', 'CapBnd'])
        t.regex(status, new RegExp(`^${set}:\\s+0000000000000400$`, 'm'));
    }

    const log = join(places.log, 'access.log');
    renameSync(log, `${log}.1`);
    process.kill(pid, 'SIGUSR1');
    await until(async () => (await ask('/nothing')) && existsSync(log) && statSync(log).size > 0);
    writeFileSync(
      join(places.etc, 'nginx.conf'),
      readFileSync(join(places.etc, 'nginx.conf'), 'utf8').replace('~^1 none " 404', '~^1 none " 405'),
    );
    const reload = confinement.command.replace(/ -g 'daemon off;'$/, ' -s reload');
    const { code, stderr } = await runConfined(confinement, reload);
    t.is(code, 0, stderr);
    t.notRegex(stderr, /warn|error|emerg/);
    await until(async () => (await ask('/nothing')).endsWith(' 405'));
    t.not(
      (await runConfined(confinement, `touch ${places.etc}/x`)).code,
      0,
      'it cannot write its own configuration',
    );
  });

  needing(
    root,
    ...tools,
    command('base64'),
  )(`upkeep runs confined by its ${kind}, and gives each key to whom it is for`, async (t) => {
    const { places, of } = laid(await temporaryFolder(t), cloud({ role: 'site', offline_hours: 1 }));
    const google = await fakeFor(t, (asked, answer) => {
      const { url = '' } = asked;
      if (url.endsWith('/token')) answer.end('{"access_token":"ya29.x"}');
      else if (url.includes('/identity?')) answer.end('an.identity.token');
      else answer.end(JSON.stringify({ payload: { data: btoa('a key') } }));
    });
    const old = join(places.cache, '../bootbroker-answers/old');
    execFileSync('install', ['-o', 'www-data', '/dev/null', old]);
    utimesSync(old, 1, 1);
    const env = { BOOTBROKER_METADATA: google.origin, BOOTBROKER_SECRETS: google.origin };
    const ran = await runConfined(of('upkeep')[kind], `/bin/sh ${places.lib}/upkeep once`, env);
    t.deepEqual(ran, { code: 0, stderr: '' });
    const rights = (path: string) => {
      const { uid, gid, mode } = statSync(join(places.run, path));
      return [uid, gid, mode & 0o777];
    };
    t.deepEqual(rights('keys/edge.key'), [0, 33, 0o640]);
    t.deepEqual(rights('keys/wireguard.key'), [0, 0, 0o640]);
    t.deepEqual(rights('token'), [0, 33, 0o640]);
    t.false(existsSync(old));
  });

  needing(
    root,
    ...tools,
    command('dnsmasq'),
  )(`dnsmasq runs confined by its ${kind}`, async (t) => {
    const room = await openRoom();
    t.teardown(() => room.close());
    const [program = '', ...args] = confined(laid(room.folder).of('names')[kind]);
    const dnsmasq = room.start(program, args);
    dnsmasq.stderr.pipe(process.stderr);
    const asking = `const { Resolver } = require('dns').promises; const resolver = new Resolver({ timeout: 500, tries: 1 });
      resolver.setServers(['10.77.0.1']); resolver.resolve4('boot.internal').then(([address]) => console.log(address), () => console.log('none'))`;
    await until(async () => (await room.run(process.execPath, ['-e', asking])).trim() === '10.77.0.1');
    const status = readFileSync(`/proc/${dnsmasq.pid}/status`, 'utf8');
    t.notRegex(status, /^Uid:\s+0\s/m);
    t.regex(status, /^CapPrm:\s+0000000000000400$/m);
  });

  needing(
    root,
    ...tools,
    file(nft),
    command('wg'),
    command('wireguard-go'),
  )(`the tunnel is set up confined by its ${kind}`, async (t) => {
    const room = await openRoom({ ownFiles: true });
    t.teardown(() => room.close());
    const { places, of } = laid(room.folder);
    writeFileSync(join(places.run, 'keys/wireguard.key'), Buffer.alloc(32, 64).toString('base64'), {
      mode: 0o600,
    });
    await startWireguard(room);
    const [program = '', ...args] = confined(of('tunnel')[kind], `/bin/sh ${places.lib}/tunnel sync`);
    await t.notThrowsAsync(room.run(program, args));
    t.regex(await room.run('wg', ['show', 'wg0']), /listening port: 51820/);
    t.regex(await room.run(nft, ['list', 'tables']), /inet bootbroker\n.*bootbroker_connections/);
    t.is(await room.run('cat', ['/proc/sys/net/ipv4/ip_forward']), '1\n');
  });
}

needing(
  command('systemd-analyze'),
  command('nginx'),
  command('dnsmasq'),
)('systemd takes the units, and finds little that they leave open', async (t: ExecutionContext) => {
  const folder = await temporaryFolder(t);
  const settings = cloud();
  const units = services(settings, placesUnder()).map(unit);
  mkdirSync(join(folder, 'units'));
  for (const [path, text] of units) writeFileSync(join(folder, 'units', path.split('/').at(-1) ?? ''), text);
  for (const name of readdirSync(join(folder, 'units'))) {
    const path = join(folder, 'units', name);
    const analyze = (...words: string[]) => promisify(execFile)('systemd-analyze', [...words, path]);
    const { stderr } = await analyze('verify', '--man=no', '--generators=no');
    t.notRegex(stderr, new RegExp(name), stderr);
    // Exposure in tenths: 9.6 is a unit that says nothing.
    await t.notThrowsAsync(analyze('security', '--offline=yes', '--no-pager', '--threshold=30'), name);
  }
});
