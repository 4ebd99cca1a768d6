import { randomBytes } from 'node:crypto';
import type { Asset } from '../../src/boot/asset/asset.ts';
import { addMachine, addProfile, type Broker, type Options, push, startBroker } from '../support/broker.ts';

export const agents = {
  firmware: 'UefiHttpBoot/1.0',
  ipxe: 'iPXE/2.0.0+ (g1234)',
  oldIpxe: 'iPXE/1.0.0+git-20190125.36a4c85-5.1',
  grub: 'GRUB 2.06',
  curl: 'curl/8.0',
};

export const mac = '52:54:00:aa:bb:01';

/** A broker with one of everything: two stages, an image, a machine with its profile. */
export interface Site extends Broker {
  readonly bytes: { readonly kernel: Buffer; readonly initrd: Buffer; readonly efi: Buffer };
  readonly kernel: Asset;
  readonly initrd: Asset;
  readonly machine: string;
  readonly revision: string;
}

export async function startSite(options?: Options): Promise<Site> {
  const broker = await startBroker(options);
  const bytes = { kernel: randomBytes(300_000), initrd: randomBytes(70_000), efi: randomBytes(5_000) };
  const kernel = await push(broker, { kind: 'kernel', name: 'debian', version: '12', bytes: bytes.kernel });
  const initrd = await push(broker, { kind: 'initrd', name: 'debian', version: '12', bytes: bytes.initrd });
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: bytes.efi });
  const { id: machine } = await addMachine(broker, { macs: [mac], serial: 'SN 1' });
  const { id: revision } = await addProfile(broker, {
    name: 'debian',
    machine_id: machine,
    kernel: 'debian@12',
    initrds: ['debian@12'],
    cmdline: 'console=ttyS0',
  });
  return { ...broker, bytes, kernel, initrd, machine, revision };
}

/** The type of a problem (boot/problem.ts). */
export const problem = (name: string) => `urn:bootbroker:problem:${name}`;
