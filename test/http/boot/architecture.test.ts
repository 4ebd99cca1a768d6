import { gzipSync } from 'node:zlib';
import anyTest, { type TestFn } from 'ava';
import { addMachine, addProfile, push, pushing } from '../../support/broker.ts';
import { arm64Image, bzImage, efiProgram } from '../../support/programs.ts';
import { agents, mac, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

const ipxe = { userAgent: agents.ipxe };

test("a machine that says it is of one architecture never gets another's kernel", async (t) => {
  for (const arch of ['arm64', 'aarch64', 'ARM64', 'riscv64', 'loong64', 'arm32', '11', '19', 'banana']) {
    for (const target of [`/boot.ipxe?mac=${mac}&arch=${arch}`, `/m/${mac}/boot.ipxe?arch=${arch}`])
      t.like(
        (await site.boot(target, ipxe)).json,
        { status: 409, type: problem('wrong-architecture') },
        target,
      );
    const said = (await site.admin(`/api/v1/explain?mac=${mac}&arch=${arch}&user_agent=iPXE/2.0`)).json;
    t.like(said, { status: 409, plan: 'refuse' }, arch);
    t.truthy(said.revision);
  }
  for (const arch of ['x86_64', 'amd64', 'i386', '7', '9', '16', '0', '', '${buildarch}'])
    t.is((await site.boot(`/boot.ipxe?mac=${mac}&arch=${encodeURIComponent(arch)}`, ipxe)).status, 200, arch);
  t.is((await site.boot(`/boot.ipxe?mac=${mac}`, ipxe)).status, 200, 'it says nothing');
  const byPath = await site.boot(`/boot/arm64/boot.ipxe?mac=${mac}`, ipxe);
  t.is(byPath.json.type, problem('wrong-architecture'), 'DHCP has said it by the path');
  t.is((await site.boot(`/boot/x86_64/boot.ipxe?mac=${mac}`, ipxe)).status, 200);
});

test('a kernel or EFI program whose header says another architecture is not taken', async (t) => {
  const bytes = { arm: arm64Image(), x86: bzImage(), riscv: efiProgram(0x5064), ia32: efiProgram(0x014c) };
  for (const [kind, arch, of, taken] of [
    ['kernel', 'x86_64', bytes.x86, true],
    ['kernel', 'arm64', bytes.arm, true],
    ['kernel', 'x86_64', bytes.arm, false],
    ['kernel', 'arm64', bytes.x86, false],
    ['efi', 'x86_64', bytes.riscv, false],
    ['efi', 'x86_64', bytes.ia32, true],
    ['initrd', 'x86_64', bytes.arm, true],
  ] as const) {
    const name = `${kind}-${arch}-${of.length}-${taken}-${of[56]}`;
    const answer = await pushing(site, { kind, name, arch, bytes: of });
    t.is(answer.status, taken ? 200 : 409, name);
    if (!taken) t.regex(answer.json.detail, /by its header, announced was/);
  }
});

test('what nothing can start is told of when it is pushed, shown and booted', async (t) => {
  const bytes = gzipSync(arm64Image());
  const answer = await pushing(site, { kind: 'kernel', name: 'packed', arch: 'arm64', bytes });
  const type = 'urn:bootbroker:warning:program-packed';
  t.is(answer.json.warnings[0].type, type);
  t.is((await site.admin(`/api/v1/assets/${answer.json.id}`)).json.warnings[0].type, type);
  const made = await site.admin('/api/v1/profiles', { name: 'packed', arch: 'arm64', kernel: 'packed@1' });
  t.is(made.status, 201);
  t.is(made.json.warnings[0].type, type);
});

test('a kernel that takes a longer command line says so in its header, and gets it', async (t) => {
  const long = bzImage({ cmdlineSize: 4095 });
  await push(site, { kind: 'kernel', name: 'talos', bytes: long });
  await push(site, { kind: 'kernel', name: 'usual', bytes: bzImage() });
  const { id } = await addMachine(site, { macs: ['52:54:00:0f:00:01'] });
  const cmdline = 'x'.repeat(2600);
  const { kernel } = await addProfile(site, { name: 'talos', machine_id: id, kernel: 'talos@1', cmdline });
  t.deepEqual(kernel?.program, { format: 'linux-x86', arch: 'x86_64', cmdline_size: 4095 });
  t.true((await site.boot('/boot.ipxe?mac=52:54:00:0f:00:01', ipxe)).text.includes(cmdline));
  const refused = await site.admin('/api/v1/profiles', { name: 'usual', kernel: 'usual@1', cmdline });
  t.is(refused.status, 400);
  t.regex(refused.json.detail, /is 2600 bytes long, and what it is for takes 2047/);
  for (const query of ['?dry_run=1', '']) {
    const profiles = [{ name: 'usual', kernel: 'usual@1', cmdline }];
    t.is((await site.admin(`/api/v1/apply${query}`, { profiles })).status, 400);
  }
});
