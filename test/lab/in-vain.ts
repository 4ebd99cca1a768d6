import { once } from 'node:events';
import { join } from 'node:path';
import { within } from '../support/patience.ts';
import { type Broker, type LogLine, startBroker } from './broker.ts';
import { serveDhcp } from './dhcp.ts';
import type { Loaders } from './loaders.ts';
import { powerOn } from './machine.ts';
import { openRoom } from './room.ts';
import { type Exchange, tapWire } from './wire.ts';

/** A boot that ended where firmware gave its network card up and went on to its next boot option. */
export interface InVain {
  /** What the script said on the serial console. */
  readonly said: readonly string[];
  readonly exchanges: readonly Exchange[];
  /** The broker's log. */
  readonly log: readonly LogLine[];
}

/**
 * Boots a machine that gets no system: the broker sends it away, or refuses it until its script gives up after three tries.
 * `down` is how many requests for its script fare as if the broker's records were down.
 */
export async function bootInVain(
  loaders: Loaders,
  mac: string,
  down: number,
  prepare: (broker: Broker) => Promise<unknown> = async () => {},
): Promise<InVain> {
  const room = await openRoom();
  try {
    serveDhcp(room);
    const broker = await startBroker(room, {
      BROKER_LISTEN: '0.0.0.0:8090',
      BROKER_OUTAGE: 'disk',
    });
    const ipxe = ['--kind', 'efi', '--name', 'ipxe', '--version', '1'];
    await broker.command('asset', 'push', loaders.firstStage, ...ipxe);
    await prepare(broker);
    const between = [join(import.meta.dirname, 'standin.ts'), String(down), '3', '8090'];
    const standin = room.start(process.execPath, between);
    standin.stderr.pipe(process.stderr);
    await within('the stand-in to listen', once(standin.stdout, 'data'));

    const wire = await tapWire(room, [8080]);
    const machine = await powerOn(room, { mac }, loaders);
    await machine.says(/BdsDxe: failed to start (Boot\d+) "UEFI HTTPv4.*BdsDxe: starting (?!\1)Boot\d+/s);
    await machine.powerOff();
    const said = [...machine.said().matchAll(/^bootbroker: .*(?=\r)/gm)].map(([line]) => line);
    return { said, exchanges: await wire.exchanges(), log: broker.log };
  } finally {
    await room.close();
  }
}
