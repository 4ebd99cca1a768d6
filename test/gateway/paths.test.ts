import { command, needing } from '../support/needs.ts';
import { bytesOf, fakeFor, handoff } from './fakes.ts';
import { gatewayFor } from './gateway.ts';
import { start, vouched } from './vouched.ts';

const test = needing(command('nginx'));

/** Targets as loaders and distributions write them. */
const targets = [
  '/assets/linux:1:6.1~rc1:x86_64/kernel',
  '/assets/installer:20230607+deb12u15:x86_64/initrd',
  '/assets/installer%3A20230607%2Bdeb12u15%3Ax86_64/kernel',
  '/assets/linux:6.1%7Erc1:x86_64/kernel',
  '/assets/linux:1/kernel?arch=arm64',
  '/assets/k3s:1.30+k3s1:x86_64/file/k3s+selinux.rpm',
  '/assets/live:1:x86_64/rootfs',
  '/assets/shim:15.8:x86_64/efi/mmx64.efi',
  '/assets/debian-kernel.img',
  '/kernels/linux-6.1~rc1+b1.img',
  '/initrd/linux-6.1~rc1+b1.img',
  '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000/rootfs?boot=0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001',
  '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000/file/boot.wim?machine=1&boot=2',
  '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000/initrd/1',
  '/boot/x86_64/grubx64.efi',
  '/boot/arm64/mmaa64.efi',
  '/grubx64.efi',
  '/revocations.efi',
  '/revocations_sbat.efi',
  '/m/52:54:00:aa:bb:01/grubx64.efi',
  '/m/52%2D54%2d00-aa-bb-01/boot.ipxe',
  '//grubx64.efi',
  '///boot.efi',
  '//boot/x86_64/grubx64.efi',
  '/boot/x86_64//grubx64.efi',
  '/m/52%3A54:00:aa:bb:01//grubx64.efi',
  '//boot/arm64///mmaa64.efi?a=b',
  '//boot.ipxe?mac=52:54:00:aa:bb:01',
  '/boot.ipxe?mac=525400aabb01&serial=%FF%FF%ff%fc',
  '/boot.ipxe?uuid=&serial=a+b~c%2F',
];
for (const [where, settings] of [
  ['in the cloud', {}],
  ['on a site', { role: 'site', tunnel: undefined, offline_hours: 1 }],
] as const)
  test(`what loaders ask for reaches the broker to the letter, signed as it is, ${where}`, async (t) => {
    const { broker, gateway } = await start(t, settings);
    for (const target of targets) {
      t.is((await gateway.ask(target)).status, 204, target);
      t.is(broker.came.at(-1)?.target, target);
      vouched(t, broker.came.at(-1));
    }
  });

test('empty segments lead to nothing that the path without them does not lead to', async (t) => {
  const { broker, gateway } = await start(t);
  for (const target of [
    '//',
    '///metrics',
    '//metrics',
    '//_storage/17/b/o?generation=17',
    '//canary/x',
    '/m//boot.ipxe',
    '/m/x//kernel',
    '/boot/x86_64//../boot.efi',
    '/boot/..//metrics.efi',
    '/asset/x//y.efi',
    '/assets//x.efi',
    '/boot/x86_64//x/y.efi',
    '//../boot.ipxe',
    '/./boot.ipxe',
    '//%2e%2e/boot.ipxe',
    '/%2Fboot.ipxe',
  ])
    t.true([400, 404].includes((await gateway.ask(target)).status), target);
  t.deepEqual(broker.came, []);
});

test('whatever the bucket calls an object, its name reaches the storage as it was signed', async (t) => {
  const storage = await fakeFor(t, bytesOf(Buffer.alloc(2_500_000, 'x')));
  const broker = await fakeFor(t, handoff());
  const upstreams = { broker: broker.origin, storage: storage.origin };
  const gateway = await gatewayFor(t, upstreams, { cache: { slice: '1m' } });
  for (const object of [
    'boot-assets/assets/1/linux-1_6.1-rc1.kernel',
    'boot-assets/mirror/debian~12/6.1+b1/linux',
    'boot-assets/mirror/6.1%2Bb1/linux%20image',
    'boot-assets/a%3Fb%23c%25d/%C3%BC',
    'my.bucket_1/a:b@c,d;e/(f)!*',
  ]) {
    const earlier = storage.came.length;
    broker.answer = handoff({ object });
    const { status, body } = await gateway.ask('/assets/linux:1:x86_64/kernel');
    t.deepEqual([status, body.length], [200, 2_500_000], object);
    const asked = storage.came.slice(earlier).map(({ target }) => target.split('?')[0]);
    t.deepEqual(asked, Array(3).fill(`/${object}`));
  }
  const kept = storage.came.length;
  broker.answer = handoff({ object: 'boot-assets/mirror/6.1%2Bb1/linux%20image', query: '&later=1' });
  t.is((await gateway.ask('/assets/linux:1:x86_64/kernel')).status, 200);
  t.is(storage.came.length, kept, 'and what is kept is found again');
});

test('an object whose name climbs, or ends a line, is not asked for', async (t) => {
  const storage = await fakeFor(t, bytesOf(Buffer.from('x')));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  for (const object of ['b/../c/o', 'b/%2e%2e/o', 'b/a%00b', 'b/a b', 'b/a#b', 'b', 'b/', 'B/o']) {
    broker.answer = handoff({ object });
    t.not((await gateway.ask('/boot.efi')).status, 200, object);
  }
  t.deepEqual(storage.came, []);
});
