import type { Machine } from '../machine/machine.ts';
import { sizeText } from '../size.ts';
import { type Judgement, judgedAll, said } from './judgement.ts';
import { isLike } from './pattern.ts';

/** What of the registered hardware a rule asks for, all of it at once: parts by the names of their models. */
export interface HardwareWanted {
  readonly cpu?: string;
  /** Bytes. */
  readonly memory_at_least?: number;
  readonly drive?: string;
  readonly accelerator?: string;
  readonly nic?: string;
}

export type Hardware = NonNullable<Machine['hardware']>;

const lists = { cpu: 'cpus', drive: 'drives', accelerator: 'accelerators', nic: 'nics' } as const;
const parts = Object.keys(lists) as readonly (keyof typeof lists)[];

/** What nobody registered is not there: no machine says later what is in it. */
export function judgeHardware(wanted: HardwareWanted, hardware: Hardware = {}): Judgement {
  const { memory_at_least: least } = wanted;
  const judged = parts.flatMap((part) => {
    const pattern = wanted[part];
    return pattern === undefined ? [] : judgePart(part, pattern, hardware);
  });
  return judgedAll([...judged, ...(least === undefined ? [] : [judgeMemory(least, hardware)])], '');
}

function judgePart(part: keyof typeof lists, pattern: string, hardware: Hardware): Judgement {
  const models = [...new Set((hardware[lists[part]] ?? []).flatMap(({ model }) => model ?? []))];
  const like = models.find((model) => isLike(pattern, model));
  if (like !== undefined) return said(true, `${part} ${like} is like ${pattern}`);
  const shown = models.slice(0, 3).join(', ');
  const more = models.length > 3 ? ` and ${models.length - 3} more` : '';
  return said(false, shown ? `${part} is ${shown}${more}, not like ${pattern}` : `no ${part} is registered`);
}

function judgeMemory(least: number, { memory }: Hardware): Judgement {
  if (memory === undefined) return said(false, 'no memory is registered');
  const enough = memory >= least;
  return said(enough, `memory is ${sizeText(memory)}, ${enough ? '' : 'not '}at least ${sizeText(least)}`);
}

/** As a person would say it. */
export function hardwareText({ memory_at_least: least, ...wanted }: HardwareWanted): string {
  const said = parts.flatMap((part) => (wanted[part] === undefined ? [] : `${part} like ${wanted[part]}`));
  return [...said, ...(least === undefined ? [] : [`memory of at least ${sizeText(least)}`])].join(' and ');
}
