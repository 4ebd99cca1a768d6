import type { Asset } from '../asset/asset.ts';
import type { Arch, AssetName } from '../asset/asset-name.ts';
import type { Slots } from '../asset/slots.ts';
import type { MachineFields } from '../machine/machine.ts';
import type { RuleFields } from '../rule/rule.ts';

/** The state that files describe. Whatever a file leaves out of a thing that it names is that thing's default. */
export interface Desired {
  readonly assets: readonly DesiredAsset[];
  readonly profiles: readonly DesiredProfile[];
  readonly rules: readonly DesiredRule[];
  readonly machines: readonly DesiredMachine[];
}

/** An asset that has to be there, with these bytes. */
export interface DesiredAsset
  extends AssetName,
    Partial<Pick<Asset, 'size' | 'crc32c' | 'sha256' | 'type'>> {}

/** What a revision of that name has to be. Assets are `NAME@VERSION`, of the arch of whoever boots it unless one is given. */
export interface DesiredProfile extends Slots<string> {
  readonly name: string;
  readonly arch?: Arch;
  readonly disk?: true;
  readonly cmdline: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A profile by its name, or one of its own, which nothing else that names the profile gets. */
export type ProfileChoice = string | DesiredProfile;

/** Without a profile it goes on booting what it boots; with null it has none of its own, and rules decide. */
export interface DesiredMachine extends MachineFields {
  readonly profile?: ProfileChoice | null;
}

export interface DesiredRule extends Omit<RuleFields, 'profile'> {
  readonly profile: ProfileChoice;
}

/** What is wrong with the desired state, and where: `['machines', 3, 'profile']`. */
export interface Fault {
  readonly kind: 'fault';
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export function fault(path: Fault['path'], message: string): Fault {
  return { kind: 'fault', path, message };
}

/** What people call a machine. */
export function machineTitle({ name, macs, uuid, serial }: MachineFields): string {
  return name ?? macs[0] ?? uuid ?? serial ?? 'without a name';
}

export function profileName(choice: ProfileChoice): string {
  return typeof choice === 'string' ? choice : choice.name;
}
