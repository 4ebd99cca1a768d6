import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addMachine, addProfile, brokerFor } from '../support/broker.ts';
import { command, file } from '../support/need.ts';
import { needing } from '../support/needs.ts';
import { scaled, within } from '../support/patience.ts';

/** iPXE as QEMU's network cards for BIOS have it (Debian's ipxe-qemu). */
const rom = '/usr/lib/ipxe/qemu/efi-virtio.rom';
const test = needing(command('qemu-system-x86_64'), file(rom));

const mac = '52:54:00:00:00:d1';
const said = 'this is the disk\n';

/** A disk whose boot sector says so on the first serial port, and stops. */
function bootSector(): Buffer {
  const code = [
    ...[0x31, 0xc0, 0x8e, 0xd8], // xor ax, ax; mov ds, ax
    ...[0xbe, 0x15, 0x7c], // mov si, 0x7c15: what follows the code
    ...[0xba, 0xf8, 0x03], // mov dx, 0x3f8
    ...[0xac, 0x84, 0xc0, 0x74, 0x03], // next: lodsb; test al, al; jz end
    ...[0xee, 0xeb, 0xf8], // out dx, al; jmp next
    ...[0xf4, 0xeb, 0xfd], // end: hlt; jmp end
  ];
  const disk = Buffer.alloc(1024 * 1024);
  disk.set(code);
  disk.write(said, code.length);
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}

test('real iPXE of a BIOS machine asks for its script, and starts the disk that it is sent to', async (t) => {
  t.timeout(scaled(240_000));
  const broker = await brokerFor(t);
  const { id } = await addMachine(broker, { macs: [mac] });
  await addProfile(broker, { name: 'installed', machine_id: id, disk: true });
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-disk-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'disk'), bootSector());

  const machine = spawn('qemu-system-x86_64', [
    ...['-machine', 'pc,accel=tcg', '-m', '256', '-nodefaults', '-display', 'none', '-serial', 'stdio'],
    ...['-netdev', `user,id=n,bootfile=http://10.0.2.2:${broker.bootPort}/boot.ipxe`],
    ...['-device', `virtio-net-pci,netdev=n,mac=${mac},bootindex=1`],
    ...[
      '-drive',
      `file=${join(folder, 'disk')},format=raw,if=none,id=d`,
      '-device',
      'ide-hd,drive=d,bootindex=2',
    ],
  ]);
  t.teardown(async () => {
    machine.kill('SIGKILL');
    if (machine.exitCode === null && machine.signalCode === null) await once(machine, 'exit');
  });
  const heard = (async () => {
    let text = '';
    for await (const piece of machine.stdout.setEncoding('utf8')) {
      text += piece;
      if (text.includes(said)) return;
    }
    throw new Error(`QEMU ended, and its serial port had said: ${text}`);
  })();
  await within('the disk to speak', heard, 180_000);

  const plans = broker.log.flatMap(({ message, path, plan }) =>
    message === 'request' ? [[path, plan]] : [],
  );
  t.deepEqual(plans.slice(-2), [
    ['/boot.ipxe', 'text'],
    ['/boot.ipxe', 'disk'],
  ]);
});
