import { once } from 'node:events';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { placesUnder } from '../../gateway/places.ts';
import { tunnelFiles } from '../../gateway/tunnel.ts';
import { openRoom, type Room } from '../lab/room.ts';
import { until } from '../support/http.ts';
import { command, file, needing, root } from '../support/needs.ts';
import { within } from '../support/patience.ts';
import { cable, ip } from './cable.ts';
import { tunnelOf } from './gateway.ts';
import { accepted, install, nft } from './rig.ts';

const tools = ['unshare', 'nsenter', 'setpriv', 'ip', 'sysctl', 'perl'].map(command);
const test = needing(root, file(nft), ...tools);

/** The gateway's firewall, and a machine on the other end of what counts as the tunnel. */
async function firewall(t: ExecutionContext, peers: readonly Readonly<Record<string, unknown>>[]) {
  const rooms = await Promise.all([0, 1].map(() => openRoom()));
  t.teardown(async () => void (await Promise.all(rooms.map((room) => room.close()))));
  const [gateway, other] = rooms as [Room, Room];
  for (const room of rooms) {
    await ip(room, 'link del br0');
    // Link-local addresses are there at once: nobody else could have them.
    await room.run('sysctl', ['-q', '-w', 'net.ipv6.conf.default.accept_dad=0']);
  }
  const places = placesUnder(gateway.folder);
  const settings = accepted({
    role: 'cloud',
    listen: '10.10.0.1',
    port: 8000,
    key: { file: '/etc/bootbroker/edge.key' },
    broker: { origin: 'http://10.128.0.2:8080' },
    limits: { connections: 2, edge_factor: 3 },
    tunnel: tunnelOf(peers),
  });
  install(places, tunnelFiles(settings, places));
  for (const name of ['nftables.conf', 'connections.conf'])
    await gateway.run(nft, ['-f', join(places.etc, name)]);
  return { gateway, other };
}

const node = (room: Room, script: string) => room.start(process.execPath, ['-e', script]);

/** Sends one ICMPv6 message of each type, with the hop limit that it says; the kernel adds the checksum. */
const icmp = `
  use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
  my ($to, $hops, @types) = @ARGV;
  socket(my $s, AF_INET6, SOCK_RAW, 58) or die $!;
  setsockopt($s, 41, 16, pack("i", $hops)) or die $!;
  setsockopt($s, 41, 18, pack("i", $hops)) or die $!;
  for (@types) {
    send($s, pack("CCnN", $_, 0, 0, 0) . "x" x 64, 0, pack_sockaddr_in6(0, inet_pton(AF_INET6, $to))) or die "$_: $!";
  }
`;

/** A router advertisement (RFC 4861, 4.2) to all nodes of the link. */
const advertisement = `
  use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
  my ($index) = @ARGV;
  socket(my $s, AF_INET6, SOCK_RAW, 58) or die $!;
  setsockopt($s, 41, 18, pack("i", 255)) or die $!;
  my $to = pack_sockaddr_in6(0, inet_pton(AF_INET6, "ff02::1"), $index, 0);
  send($s, pack("CCnCCnNN", 134, 0, 0, 64, 0, 1800, 0, 0), 0, $to) or die $!;
`;

test('an underlay of IPv6 works: neighbours are found, and routers are heard', async (t) => {
  const { gateway, other } = await firewall(t, [{}]);
  await cable(gateway, '2001:db8::1/64', other, '2001:db8::2/64', 'under');
  const heard = node(
    gateway,
    `const socket = require('dgram').createSocket('udp6').on('message', (text, from) => socket.send('back', from.port, from.address));
     socket.bind(51820, () => console.log('ready'))`,
  );
  await once(heard.stdout, 'data');
  // Nobody knows the other's link address yet: both are asked for it.
  const asked = node(
    other,
    `const socket = require('dgram').createSocket('udp6').on('message', (text) => console.log(String(text)));
     setInterval(() => socket.send('hello', 51820, '2001:db8::1'), 100)`,
  );
  await within('an answer through the firewall', once(asked.stdout, 'data'));

  // A router speaks by its link-local address, which takes a second to be its own (RFC 4862 5.4), and speaks again.
  const { index } = await far(other);
  await until(async () => {
    await other.run('perl', ['-e', advertisement, index]).catch(() => {});
    return /default .* proto ra/.test(await ip(gateway, '-6 route'));
  });
  t.pass();
});

test('of ICMPv6 comes in what a host needs (RFC 4890), from its own link where that is the rule, and nothing else', async (t) => {
  const { gateway, other } = await firewall(t, [{}]);
  await cable(gateway, '2001:db8::1/64', other, '2001:db8::2/64', 'under');
  const dropped = async () => {
    const { nftables } = JSON.parse(
      await gateway.run(nft, ['--json', 'list', 'chain', 'inet', 'bootbroker', 'input']),
    );
    const last = nftables.at(-1).rule.expr.find((each: object) => 'counter' in each);
    return Number(last.counter.packets);
  };
  const send = (hops: number, ...types: number[]) =>
    other.run('perl', ['-e', icmp, '2001:db8::1', String(hops), ...types.map(String)]);
  await send(64, 1, 2, 3, 4, 128);
  await send(255, 133, 134, 135, 136, 141, 142);
  t.is(await dropped(), 0);
  await send(64, 133, 134, 135, 136);
  t.is(await dropped(), 4, 'from beyond the link');
  await send(255, 137, 138, 139, 200);
  t.is(await dropped(), 8, 'redirects, renumbering, questions for names');
});

test('one machine holds so many connections to nginx, a site’s edge more, and neither those of others', async (t) => {
  const { gateway, other } = await firewall(t, [
    { addresses: ['10.10.0.8/29'], edge_kid: 'a', redirects: 'always' },
    { addresses: ['10.10.0.16/28'], redirects: 'always' },
  ]);
  await cable(gateway, '10.10.0.1/24', other, '10.10.0.9/24', 'wg0');
  for (const address of ['10.10.0.17', '10.10.0.18'])
    await ip(other, `address add ${address}/24 dev ${(await far(other)).name}`);
  const server = node(
    gateway,
    `require('net').createServer(() => {}).listen(8000, '10.10.0.1', () => console.log('ready'))`,
  );
  await once(server.stdout, 'data');
  const droppedBy = async (set: string) => {
    const text = await gateway.run(nft, ['list', 'chain', 'inet', 'bootbroker_connections', 'opened']);
    const rule = text.split('\n').find((line) => line.includes(`add @${set} `));
    return Number(/packets (\d+)/.exec(rule ?? '')?.[1]);
  };
  /** How many of so many tries from there are through once all others have been dropped. */
  const open = async (from: string, count: number, through: number, set: string) => {
    const earlier = await droppedBy(set);
    let opened = 0;
    const clients = node(
      other,
      `for (let n = 0; n < ${count}; n += 1)
         require('net').connect({ host: '10.10.0.1', port: 8000, localAddress: '${from}' }, () => console.log('open'));`,
    );
    clients.stdout.setEncoding('utf8').on('data', (text) => {
      opened += text.split('open').length - 1;
    });
    await until(async () => opened >= through && (await droppedBy(set)) - earlier >= count - through);
    return opened;
  };
  t.is(await open('10.10.0.17', 20, 4, 'open'), 4);
  t.is(await open('10.10.0.18', 3, 3, 'open'), 3);
  t.is(await open('10.10.0.9', 20, 12, 'open_by_edges'), 12);
});

/** The other end of the cable. */
async function far(room: Room): Promise<{ index: string; name: string }> {
  const [, index = '', name = ''] = /^(\d+): (c\d+)@/m.exec(await ip(room, 'link')) ?? [];
  return { index, name };
}
