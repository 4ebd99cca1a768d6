import type { TestFn } from 'ava';
import { scaled } from '../support/patience.ts';
import type { Player, RecordsDriver } from './lab.ts';
import { brokerAddress } from './room.ts';
import { bootForReal, type Story } from './story.ts';
import { type Exchange, inWords } from './wire.ts';

// How many there are is iPXE's affair: newer ones ask for autoexec.ipxe first, older ones for boot.ipxe twice.
const isScript = ({ target }: Exchange) => /^[^?]*\.ipxe(\?|$)/.test(target);
const byFirmware = ({ userAgent }: Exchange) => userAgent === 'UefiHttpBoot/1.0';

/** Boots these machines with real firmware, all at once, and tests what the witnesses saw. `heard` gets their story. */
export function realBoot(
  test: TestFn,
  cast: readonly Player[],
  { records, heard = () => {} }: { records: RecordsDriver; heard?: (story: Story) => void },
): void {
  let story: Story;
  test.before('boot with real firmware', async (t) => {
    t.timeout(scaled(540_000));
    story = await bootForReal(cast, undefined, records);
    heard(story);
  });

  test('firmware, then iPXE, then Linux ask the broker, and storage only where it sent them', (t) => {
    for (const { exchanges, events } of story.machines) {
      const revision = events[0]?.revision;
      const [kernel, initrd] = exchanges.flatMap(({ headers }) => headers.get('location') ?? []);
      t.deepEqual(exchanges.filter((exchange) => !isScript(exchange)).map(inWords), [
        'UefiHttpBoot 8080 HEAD /boot/x86_64/boot.efi 200',
        'UefiHttpBoot 8080 GET /boot/x86_64/boot.efi 200',
        `iPXE 8080 GET /asset/${revision}/kernel 302`,
        `iPXE 8082 GET ${new URL(kernel ?? '').pathname} 200`,
        `iPXE 8080 GET /asset/${revision}/initrd/0 302`,
        `iPXE 8082 GET ${new URL(initrd ?? '').pathname} 200`,
        'Wget 8080 POST /report/up 200',
      ]);
    }
  });

  test('iPXE gets its scripts from the broker before it fetches anything else', (t) => {
    for (const { exchanges } of story.machines) {
      const byIpxe = exchanges.filter(({ userAgent }) => userAgent.startsWith('iPXE/'));
      const scripts = byIpxe.filter(isScript);
      t.deepEqual(byIpxe.slice(0, scripts.length), scripts);
      t.true(scripts.length > 0 && scripts.every(({ port, status }) => port === 8080 && status === 200));
    }
  });

  test('firmware gets the whole program from the broker, by its true length and type', (t) => {
    for (const { exchanges } of story.machines) {
      const [head, get] = exchanges.filter(byFirmware);
      for (const answer of [head, get]) {
        t.is(answer?.headers.get('content-length'), String(story.sizes.firstStage));
        t.is(answer?.headers.get('content-type'), 'application/efi');
        t.false(answer?.headers.has('location'));
      }
      t.is(head?.bodyBytes, 0);
      t.is(get?.bodyBytes, story.sizes.firstStage);
    }
  });

  test('iPXE fetches kernel and initrd whole from storage, by the signed URL of the redirect before', (t) => {
    for (const { exchanges } of story.machines) {
      const redirects = exchanges.filter(({ status }) => status === 302);
      const fetches = exchanges.filter(({ port }) => port === 8082);
      for (const [n, size] of [story.sizes.kernel, story.sizes.initrd].entries()) {
        const signed = new URL(redirects[n]?.headers.get('location') ?? '');
        const fetched = new URL(fetches[n]?.target ?? '', signed);
        t.true(Number(redirects[n]?.bodyBytes) < 100);
        t.is(redirects[n]?.headers.get('cache-control'), 'no-store');
        t.is(signed.port, '8082');
        t.regex(signed.searchParams.get('X-Goog-Signature') ?? '', /^[0-9a-f]{64}$/);
        t.deepEqual([...fetched.searchParams], [...signed.searchParams]);
        t.is(fetches[n]?.bodyBytes, size);
      }
    }
  });

  test('the broker tells in its log who followed what, and gives no signature away', (t) => {
    const requests = story.log.filter(({ message, plane }) => message === 'request' && plane === 'boot');
    for (const { id, events } of story.machines) {
      const revision = events[0]?.revision;
      const own = requests.filter(({ machine }) => machine === id);
      t.deepEqual(
        own.map(({ plan, method, path, status }) => [plan, method, path, status]),
        [
          ['text', 'GET', '/boot.ipxe', 200],
          ['redirect', 'GET', `/asset/${revision}/kernel`, 302],
          ['redirect', 'GET', `/asset/${revision}/initrd/0`, 302],
          [undefined, 'POST', '/report/up', 200],
        ],
      );
      const [address] = own.map(({ source }) => source);
      const firmware = requests.filter((line) => line.source === address && line.plan === 'stream');
      t.deepEqual(
        firmware.map(({ user_agent, method, path, status, bytes }) => [
          user_agent,
          method,
          path,
          status,
          bytes,
        ]),
        [
          ['UefiHttpBoot/1.0', 'HEAD', '/boot/x86_64/boot.efi', 200, 0],
          ['UefiHttpBoot/1.0', 'GET', '/boot/x86_64/boot.efi', 200, story.sizes.firstStage],
        ],
      );
    }
    const logged = JSON.stringify(story.log);
    for (const { headers } of story.machines.flatMap(({ exchanges }) => exchanges)) {
      const location = headers.get('location');
      if (location) t.false(logged.includes(new URL(location).searchParams.get('X-Goog-Signature') ?? ''));
    }
    t.is(story.exitCode, 0);
  });

  test('each machine boots the command line of its own profile', (t) => {
    const url = `http://${brokerAddress}:8080`;
    t.deepEqual(
      story.machines.map(({ cmdline }) => cmdline),
      cast.map(({ words }) => `kernel initrd=initrd0 console=ttyS0 broker.url=${url} ${words}`),
    );
  });

  test('iPXE says who made the machine, as its SMBIOS has it', (t) => {
    for (const [n, { exchanges }] of story.machines.entries()) {
      const { make = { manufacturer: 'QEMU' } } = cast[n] ?? {};
      const asked = exchanges.findLast(isScript);
      const { searchParams } = new URL(asked?.target ?? '', 'http://broker');
      t.like(Object.fromEntries(searchParams), make);
    }
  });

  test('the broker keeps that each machine came up', (t) => {
    for (const { events } of story.machines) {
      t.deepEqual(
        events.map(({ stage }) => stage),
        ['script', 'asset', 'asset', 'up'],
      );
      t.regex(events.at(-1)?.detail ?? '', /^Linux \d+\.\d+/);
      t.is(new Set(events.map(({ revision }) => revision)).size, 1);
    }
  });
}
