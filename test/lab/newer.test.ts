import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needing } from '../support/needs.ts';
import { scaled } from '../support/patience.ts';
import { unpackFrom } from './debian.ts';
import { bootInVain, type InVain } from './in-vain.ts';
import { loadersUnder } from './loaders.ts';
import { labNeeds } from './needs.ts';
import { bootForReal, type Story } from './story.ts';
import { inWords } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'bootbroker-newer-'));
// Not in a hook, which is not run where the tests are skipped.
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const lacking = labNeeds.some((need) => need.missing()) ? undefined : await unpackNewer();
const test = needing(...labNeeds, { missing: () => lacking });

/** Unpacks firmware and iPXE of Debian 13; resolves to what is lacking when apt cannot get them. */
async function unpackNewer(): Promise<string | undefined> {
  try {
    await unpackFrom('trixie', ['ovmf', 'ipxe'], folder);
    return undefined;
  } catch (error) {
    const why = /^E: .*$/m.exec(String(error))?.[0] ?? error;
    return `Debian trixie's ovmf and ipxe, which apt did not get: ${why}`;
  }
}

const mac = '52:54:00:00:00:03';
let story: Story;
let refused: InVain;

test.before('boot a machine with newer firmware and iPXE, then one without a profile', async (t) => {
  t.timeout(scaled(900_000));
  const newer = loadersUnder(folder);
  story = await bootForReal([{ mac, words: 'seat=newer' }], newer);
  refused = await bootInVain(newer, mac, 0, (broker) => broker.command('machine', 'add', '--mac', mac));
});

test('newer iPXE runs autoexec.ipxe, says who it is, and boots what its profile says', (t) => {
  const { exchanges = [], events = [] } = story.machines[0] ?? {};
  const revision = events[0]?.revision;
  const [kernel, initrd] = exchanges.flatMap(({ headers }) => headers.get('location') ?? []);
  t.deepEqual(exchanges.map(inWords), [
    'UefiHttpBoot 8080 HEAD /boot/x86_64/boot.efi 200',
    'UefiHttpBoot 8080 GET /boot/x86_64/boot.efi 200',
    'iPXE 8080 GET /boot/x86_64/autoexec.ipxe 200',
    'iPXE 8080 GET /boot/x86_64/boot.ipxe 200',
    `iPXE 8080 GET /asset/${revision}/kernel 302`,
    `iPXE 8082 GET ${new URL(kernel ?? '').pathname} 200`,
    `iPXE 8080 GET /asset/${revision}/initrd/0 302`,
    `iPXE 8082 GET ${new URL(initrd ?? '').pathname} 200`,
    'Wget 8080 POST /report/up 200',
  ]);
  const [, , autoexec, script] = exchanges;
  t.is(autoexec?.headers.get('content-type'), 'text/plain; charset=utf-8');
  t.true(script?.target.includes('?mac=52-54-00-00-00-03&'), script?.target);
  t.deepEqual(
    events.map(({ stage }) => stage),
    ['script', 'asset', 'asset', 'up'],
  );
});

test('newer iPXE follows a signed URL byte for byte', (t) => {
  const exchanges = story.machines[0]?.exchanges ?? [];
  const redirects = exchanges.filter(({ status }) => status === 302);
  t.deepEqual(
    exchanges.filter(({ port }) => port === 8082).map(({ target }) => `http://10.77.0.1:8082${target}`),
    redirects.map(({ headers }) => headers.get('location')),
  );
});

test('a machine whose script the broker keeps refusing gives up and goes on to its next boot option', (t) => {
  t.deepEqual(refused.said, [
    'bootbroker: try 1 failed, next in 5 s',
    'bootbroker: try 2 failed, next in 10 s',
  ]);
  t.deepEqual(refused.exchanges.map(inWords), [
    'UefiHttpBoot 8080 HEAD /boot/x86_64/boot.efi 200',
    'UefiHttpBoot 8080 GET /boot/x86_64/boot.efi 200',
    'iPXE 8080 GET /boot/x86_64/autoexec.ipxe 200',
    'iPXE 8080 GET /boot/x86_64/boot.ipxe 404',
    'iPXE 8080 GET /boot/x86_64/boot.ipxe 404',
    'iPXE 8080 GET /boot/x86_64/boot.ipxe 404',
  ]);
});
