import { type Refusal, refuse } from '../problem.ts';

/** What firmware or a loader says about itself. A claim, not a proof. */
export interface Identity {
  readonly mac?: string;
  readonly uuid?: string;
  readonly serial?: string;
}

/** Any usual spelling of an EUI-48 in, `aa:bb:cc:dd:ee:ff` out; undefined when it is none, or a group address (IEEE 802, I/G bit). */
export function parseMac(text: string): string | undefined {
  const spelled =
    /^([0-9a-f]{2}([:-]))([0-9a-f]{2}\2){4}[0-9a-f]{2}$/i.test(text) ||
    /^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/i.test(text) ||
    /^[0-9a-f]{12}$/i.test(text);
  if (!spelled) return undefined;
  const octets =
    text
      .toLowerCase()
      .replace(/[^0-9a-f]/g, '')
      .match(/../g) ?? [];
  const group = Number.parseInt(octets[0] ?? '1', 16) & 1;
  return group || octets.every((octet) => octet === '00') ? undefined : octets.join(':');
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

/** Serial numbers that firmware reports where nobody set one. */
const placeholderSerial =
  /^(to be filled by o\.e\.m\.?|default string|system serial number|not specified|none|0+)$/i;

/**
 * The identity in a query: `mac`, `uuid`, `serial`. A value that a loader left unexpanded (`${net0/mac}`) or that means
 * "not set" is no claim; a MAC that is none is refused, because it would silently name another machine or nobody.
 */
export function claimedIdentity(query: (name: string) => string | undefined): Identity | Refusal {
  const claim = (name: string) => {
    const value = query(name)?.trim();
    return value && !value.includes('${') ? value : undefined;
  };
  const macClaim = claim('mac');
  const mac = macClaim === undefined ? undefined : parseMac(macClaim);
  if (macClaim !== undefined && !mac)
    return refuse(
      'bad-identity',
      'The mac parameter is no MAC address of one interface. Send mac=aa:bb:cc:dd:ee:ff.',
    );
  const uuid = parseUuid(claim('uuid') ?? '');
  const serialClaim = claim('serial');
  const serial =
    serialClaim && isSerial(serialClaim) && !placeholderSerial.test(serialClaim) ? serialClaim : undefined;
  return { ...(mac && { mac }), ...(uuid && { uuid }), ...(serial && { serial }) };
}

/** Printable ASCII, at most 128 characters. */
export function isSerial(text: string): boolean {
  return /^[\x20-\x7e]{1,128}$/.test(text);
}

export function isAnonymous(identity: Identity): boolean {
  return !identity.mac && !identity.uuid && !identity.serial;
}
