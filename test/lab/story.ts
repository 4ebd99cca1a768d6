import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BootRecord } from '../../src/boot/history/boot-record.ts';
import { stepsOf, type Told } from '../support/boots.ts';
import type { LogLine } from './broker.ts';
import { packInitrd } from './initrd.ts';
import { openLab, type Player, type RecordsDriver, register, stock } from './lab.ts';
import type { Loaders } from './loaders.ts';
import { powerOn } from './machine.ts';
import { type Exchange, tapWire } from './wire.ts';

/** What happened when machines were booted, from four witnesses: the wire, the broker's log, its records, the consoles. */
export interface Story {
  readonly machines: readonly MachineStory[];
  readonly log: readonly LogLine[];
  /** The broker's exit code. */
  readonly exitCode: number | null;
  readonly sizes: { readonly firstStage: number; readonly kernel: number; readonly initrd: number };
  /** The initrd, and the same packed again later. */
  readonly initrds: readonly [Buffer, Buffer];
}

export interface MachineStory {
  readonly mac: string;
  readonly id: string;
  readonly exchanges: readonly Exchange[];
  /** The command line that Linux printed. */
  readonly cmdline: string;
  readonly events: readonly Told[];
}

/** Boots one machine for each MAC, all at once, each with its own words on the command line, and hears the witnesses. */
export async function bootForReal(
  cast: readonly Player[],
  loaders?: Loaders,
  records?: RecordsDriver,
): Promise<Story> {
  const lab = await openLab(loaders, records);
  try {
    const { room, broker } = lab;
    await stock(lab);
    const ids = await Promise.all(cast.map((player) => register(lab, player)));
    const wire = await tapWire(room, [8080, 8082]);
    const machines = await Promise.all(cast.map((player) => powerOn(room, player, lab.loaders)));
    const told = machines.map(async (machine) => {
      await machine.says(/^bootbroker: reported up/m);
      const [, cmdline = ''] = await machine.says(/^bootbroker: command line: (.*)\r\n/m);
      return cmdline;
    });
    const cmdlines = await Promise.all(told);
    const events = await Promise.all(
      ids.map((id) => broker.command<{ items: readonly BootRecord[] }>('boots', '--machine', id)),
    );
    const exitCode = await broker.stop();
    const exchanges = await wire.exchanges();
    const initrds = [
      readFileSync(lab.initrd),
      readFileSync(packInitrd(lab.kernel, join(room.folder, 'again'))),
    ] as const;
    return {
      machines: cast.map(({ mac }, n) => ({
        mac,
        id: ids[n] ?? '',
        exchanges: exchanges.filter((exchange) => exchange.mac === mac),
        cmdline: cmdlines[n] ?? '',
        events: stepsOf(events[n]?.items ?? []),
      })),
      log: broker.log,
      exitCode,
      sizes: {
        firstStage: readFileSync(lab.loaders.firstStage).length,
        kernel: readFileSync(lab.kernel.image).length,
        initrd: initrds[0].length,
      },
      initrds,
    };
  } finally {
    await lab.room.close();
  }
}
