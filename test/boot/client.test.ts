import test from 'ava';
import { clientOf, clientTable } from '../../src/boot/client.ts';

const caller = (
  userAgent: string | undefined,
  httpVersion = '1.1',
  host: string | undefined = '10.0.0.1',
) => ({
  userAgent,
  httpVersion,
  host,
});

const agents: readonly (readonly [string | undefined, string])[] = [
  ['UefiHttpBoot/1.0', 'uefi-http-boot'],
  ['UefiHttpBoot/1.0 evil', 'other'],
  ['iPXE/2.0.0+ (g1234)', 'ipxe-2'],
  ['iPXE/10.0', 'ipxe-2'],
  ['iPXE/1.0.0+git-20190125.36a4c85-5.1', 'ipxe-1'],
  ['iPXE/0.9', 'ipxe-1'],
  ['iPXE', 'ipxe-1'],
  ['iPXE/unknown', 'ipxe-1'],
  ['iPXEish/2.0', 'other'],
  ['GRUB 2.06', 'grub'],
  ['lwIP/2.1.2 (http://savannah.nongnu.org/projects/lwip)', 'u-boot-lwip'],
  ['httpfs2.c/0.1.5', 'httpfs2'],
  ['Mozilla/5.0 (EDK2; Linux) HttpDynamicCommand', 'uefi-shell'],
  ['curl/7.88.1', 'curl-wget'],
  ['Wget/1.21', 'curl-wget'],
  ['curl', 'other'],
  ['Mozilla/5.0', 'other'],
  ['', 'other'],
  [undefined, 'other'],
];

for (const [agent, row] of agents)
  test(`${agent === undefined ? 'a client without a name' : `"${agent}"`} is ${row}`, (t) => {
    t.is(clientOf(caller(agent)).id, row);
  });

test('HTTP/1.0 with neither Host nor name is U-Boot; with either it is not', (t) => {
  t.is(clientOf({ userAgent: undefined, httpVersion: '1.0', host: undefined }).id, 'u-boot');
  t.is(clientOf(caller(undefined, '1.0')).id, 'other');
  t.is(clientOf({ userAgent: 'x', httpVersion: '1.0', host: undefined }).id, 'other');
});

test('the rows: only those of which we know it follow redirects, and each says how we know', (t) => {
  const following = clientTable.filter((row) => row.followsRedirects).map(({ id }) => id);
  t.deepEqual(following, ['ipxe-2', 'ipxe-1', 'uefi-shell', 'curl-wget']);
  t.is(new Set(clientTable.map(({ id }) => id)).size, clientTable.length);
  for (const { evidence } of clientTable) t.true(evidence.text.length > 20);
});

test('only iPXE runs scripts', (t) => {
  for (const agent of ['iPXE/2.0', 'iPXE/1.0.0+', 'iPXE']) t.true(clientOf(caller(agent)).runsScripts, agent);
  for (const agent of ['UefiHttpBoot/1.0', 'curl/8', 'xiPXE/2', undefined])
    t.is(clientOf(caller(agent)).runsScripts, undefined, agent);
});
