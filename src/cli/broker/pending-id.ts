import { parseMac } from '../../boot/machine.ts';
import { pendingId } from '../../boot/pending-machine.ts';

/** The id of the pending machine that an administrator means: its id, or any spelling of its MAC. */
export function pendingIdOf(text: string): string {
  const mac = parseMac(text);
  return mac ? pendingId({ mac }) : text;
}
