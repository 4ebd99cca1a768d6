import { type Refusal, refuse } from '../problem.ts';
import { macFault, parseMac } from './hardware-address.ts';
import { isPlaceholderSerial, isPlaceholderUuid } from './placeholders.ts';

export { parseMac } from './hardware-address.ts';

/** What firmware or a loader says about itself. A claim, not a proof. */
export interface Identity {
  readonly mac?: string;
  readonly uuid?: string;
  readonly serial?: string;
}

/** An SMBIOS UUID in lower case; undefined when it is none, or one of the two that mean "not set" (SMBIOS 7.2.1). */
export function parseUuid(text: string): string | undefined {
  const uuid = text.toLowerCase();
  if (!isUuid(uuid)) return undefined;
  return /^[0-]+$|^[f-]+$/.test(uuid) ? undefined : uuid;
}

/** Whether the text has the form of a UUID (RFC 9562 section 4), in either case. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/**
 * The identity in a query: `mac`, `uuid`, `serial`. A value that cannot be read, that a loader left unexpanded (`${net0/mac}`) or
 * that means "not set" is no claim; a MAC that is none is refused where no UUID says who it is, because it would name nobody.
 */
export function claimedIdentity(query: (name: string) => string | undefined): Identity | Refusal {
  const said = smbiosClaims(query);
  const uuid = said.uuid && !isPlaceholderUuid(said.uuid) ? said.uuid : undefined;
  const serial = said.serial && !isPlaceholderSerial(said.serial) ? said.serial : undefined;
  const claimed = claim(query, 'mac');
  const mac = claimed === undefined ? undefined : parseMac(claimed);
  if (claimed !== undefined && !mac && !uuid)
    return refuse(
      'bad-identity',
      `The mac parameter is no MAC address of one interface${macFault(claimed)}. Send mac=aa:bb:cc:dd:ee:ff.`,
    );
  return { ...(mac && { mac }), ...(uuid && { uuid }), ...(serial && { serial }) };
}

/** What firmware says of itself, or an administrator of it, that is on boards by the million, and so names no machine. */
export function placeholdersIn(query: (name: string) => string | undefined): SmbiosClaims {
  const { uuid, serial } = smbiosClaims(query);
  return {
    ...(uuid && isPlaceholderUuid(uuid) && { uuid }),
    ...(serial && isPlaceholderSerial(serial) && { serial }),
  };
}

type SmbiosClaims = Pick<Identity, 'uuid' | 'serial'>;

/** What SMBIOS says, placeholders included. */
function smbiosClaims(query: (name: string) => string | undefined): SmbiosClaims {
  const uuid = parseUuid(claim(query, 'uuid') ?? '');
  const serial = claim(query, 'serial');
  return { ...(uuid && { uuid }), ...(serial && isSerial(serial) && { serial }) };
}

function claim(query: (name: string) => string | undefined, name: string): string | undefined {
  const value = query(name)?.trim();
  return value && !value.includes('${') ? value : undefined;
}

/** Printable ASCII, at most 128 characters. */
export function isSerial(text: string): boolean {
  return /^[\x20-\x7e]{1,128}$/.test(text);
}

export function isAnonymous(identity: Identity): boolean {
  return !identity.mac && !identity.uuid && !identity.serial;
}
