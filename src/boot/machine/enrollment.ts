import { canonicalAddress } from '../network.ts';
import { type Refusal, refuse } from '../problem.ts';
import { type Observation, observationsOf, type PendingMachine } from './pending-machine.ts';
import { isPlaceholderSerial, isPlaceholderUuid } from './placeholders.ts';

/** Which observations of a pending machine an administrator believes; what is left out selects nothing. */
export interface Believed {
  /** Those from this address. */
  readonly from?: string;
  readonly uuid?: string;
  readonly serial?: string;
  /** None: its MAC alone. */
  readonly mac_only?: boolean;
}

/** What a pending machine is to be registered under besides its MAC: what all believed observations say alike. It does not guess. */
export function enrolledAs(
  pending: PendingMachine,
  { from, uuid, serial, mac_only }: Believed,
): Pick<Observation, 'uuid' | 'serial' | 'arch'> | Refusal {
  const all = observationsOf(pending);
  const address = from === undefined ? undefined : canonicalAddress(from);
  const believed = all.filter(
    (one) =>
      (from === undefined || one.address === address) &&
      (uuid === undefined || one.uuid === uuid) &&
      (serial === undefined || one.serial === serial),
  );
  const [first] = believed;
  if (!first) return unsettled('Nobody said that of it', all);
  const arch = new Set(believed.map((one) => one.arch)).size === 1 ? first.arch : undefined;
  if (mac_only && pending.mac) return { ...(arch && { arch }) };
  if (new Set(believed.map(saysOf)).size > 1)
    return unsettled(
      `Several say that they are ${pending.mac ?? 'it'}, and not the same of themselves`,
      believed,
    );
  return {
    ...(first.uuid && !isPlaceholderUuid(first.uuid) && { uuid: first.uuid }),
    ...(first.serial && !isPlaceholderSerial(first.serial) && { serial: first.serial }),
    ...(arch && { arch }),
  };
}

function unsettled(what: string, observations: readonly Observation[]): Refusal {
  const each = observations.map((one) => `${one.address} says ${saysOf(one)}`).join('; ');
  return refuse(
    'pending-contradicted',
    `${what}: ${each}. Choose whom to believe: --from ADDRESS, --uuid or --serial ("from", "uuid", "serial" by API), or register the MAC alone: --mac-only ("mac_only").`,
  );
}

/** In words, such as `uuid 4c4c... and serial S1`. */
export function saysOf({ uuid, serial }: Pick<Observation, 'uuid' | 'serial'>): string {
  const said = [...(uuid ? [`uuid ${uuid}`] : []), ...(serial ? [`serial ${serial}`] : [])];
  return said.join(' and ') || 'no UUID and no serial';
}
