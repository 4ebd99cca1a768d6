import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BootRecord } from '../../src/boot/history/boot-record.ts';
import { stepsOf } from '../support/boots.ts';
import type { Emulator } from '../support/firestore-emulator.ts';
import { type Answered, ask } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { googleCloud, identities, type SignerName } from './cloud.ts';
import { warmEmulator } from './emulator.ts';
import { files, ipxe, mac, openSite, stock } from './site.ts';

const test = needing(command('java'), command('gcloud'));

let emulator: Emulator;
test.before(async () => {
  emulator = await warmEmulator();
});
test.after.always(() => emulator?.kill());

/** Goes where a redirect points to. */
function followed({ headers }: Answered): Promise<Answered> {
  const { port, pathname, search } = new URL(headers.location ?? '');
  return ask(Number(port), pathname + search);
}

/** What the broker has counted of Firestore's documents. */
async function documentsOf(port: number) {
  const { text } = await ask(port, '/metrics');
  const count = (access: string) =>
    Number(
      new RegExp(`^bootbroker_firestore_documents_total\\{access="${access}"\\} (\\d+)`, 'm').exec(text)?.[1],
    );
  return { read: count('read'), write: count('write') };
}

for (const signer of Object.keys(identities) as SignerName[])
  test.serial(`on Google Cloud, with ${signer} to sign, a machine boots what an admin pushed`, async (t) => {
    const cloud = await googleCloud(t, emulator.host);
    const site = await openSite(t, cloud.settings(signer));
    const { machine, revision } = await stock(site);

    const firmware = (method: string) =>
      ask(site.boot, '/boot/x86_64/boot.efi', { method, userAgent: 'UefiHttpBoot/1.0' });
    const [head, get] = [await firmware('HEAD'), await firmware('GET')];
    for (const { status, headers } of [head, get])
      t.like(
        { status, ...headers },
        { status: 200, 'content-length': String(files.efi.length), 'content-type': 'application/efi' },
      );
    t.true(get.body.equals(files.efi));

    const before = await documentsOf(site.boot);
    const script = await ask(site.boot, `/boot.ipxe?mac=${mac.replaceAll(':', '-')}`, ipxe);
    t.is(script.status, 200, script.text);
    const after = await documentsOf(site.boot);
    t.true(after.read > before.read, 'whose script it is was read');
    t.true(after.write >= before.write + 2, 'the boot was written, and that its machine has it');
    const [kernel = '', initrd = ''] = script.text.match(/\/asset\/\S+/g) ?? [];
    for (const [target, content] of [
      [kernel, files.kernel],
      [initrd, files.initrd],
    ] as const) {
      const redirect = await ask(site.boot, target, ipxe);
      t.is(redirect.status, 302, redirect.text);
      const signed = new URL(redirect.headers.location ?? '');
      t.is(signed.origin, cloud.storage.origin);
      t.is(signed.searchParams.get('X-Goog-Credential')?.split('/')[0], identities[signer]);
      t.true((await followed(redirect)).body.equals(content));
      const streamed = await ask(site.boot, target, { userAgent: 'UefiHttpBoot/1.0' });
      t.true(streamed.body.equals(content));
    }

    const why = await site.command<{ revision: { id: string }; assets: { plan: string }[] }>(
      ...['explain', '--mac', mac, '--user-agent', 'iPXE/2.0.0'],
    );
    t.is(why.revision.id, revision.id);
    t.deepEqual(
      why.assets.map(({ plan }) => plan),
      ['redirect', 'redirect'],
    );
    const boots = await site.command<{ items: BootRecord[] }>('boots', '--machine', machine.id);
    t.deepEqual(
      stepsOf(boots.items).map(({ stage }) => stage),
      ['script', 'asset', 'asset', 'asset', 'asset'],
    );

    site.broker.kill('SIGTERM');
    t.is(await site.broker.ended, 0);
    t.deepEqual(
      site.broker.lines().filter(({ level }) => level !== 'info'),
      [],
    );
    const told = site.broker.stdout() + site.broker.stderr();
    for (const secret of cloud.secrets) t.false(told.includes(secret));
    t.notRegex(told, /X-Goog-Signature=(?!\.\.\.)/);
  });

test.serial(
  'a thousand machines that boot one profile at once cost at most one signBlob an object',
  async (t) => {
    const cloud = await googleCloud(t, emulator.host);
    const site = await openSite(t, { ...cloud.settings('iam'), BROKER_MAX_STREAMS: '1000' });
    const { revision } = await stock(site);
    const before = cloud.iam.asked.length;
    const storm = fileURLToPath(new URL('storm.ts', import.meta.url));
    const args = [storm, String(site.boot), mac.replaceAll(':', '-'), revision.id, '1000'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { statuses, locations } = JSON.parse(stdout);
    // A first stage that a thousand stream at once may be told to come back; a redirect waits for nobody.
    for (const all of statuses) t.regex(all, /^200 (200|503) 200 302 302$/);
    t.is(locations.length, 2);
    // The first stage is streamed.
    t.true(cloud.iam.asked.length - before <= 3);
  },
);
