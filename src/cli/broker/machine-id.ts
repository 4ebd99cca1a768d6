import { parseMac } from '../../boot/identity.ts';
import type { Machine } from '../../boot/machine.ts';
import { Failure } from '../verb/failure.ts';
import { type Api, allItems } from './api.ts';

/** The id of the machine that an administrator means: its id, or any spelling of one of its MACs. */
export async function machineId(from: Api, text: string): Promise<string> {
  const mac = parseMac(text);
  if (!mac) return text;
  const [machine] = await allItems<Machine>(from, 'machines', { mac });
  if (machine) return machine.id;
  throw new Failure('refused', `no machine has the MAC ${mac}; register it with bootbroker machine add`);
}
