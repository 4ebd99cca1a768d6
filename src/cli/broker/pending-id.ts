import { parseMac } from '../../boot/identity.ts';
import { pendingId } from '../../boot/pending.ts';

/** The id of the pending machine that an administrator means: its id, or any spelling of its MAC. */
export function pendingIdOf(text: string): string {
  const mac = parseMac(text);
  return mac ? pendingId({ mac }) : text;
}
