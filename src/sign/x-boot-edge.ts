import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Received } from './signed-url-request.ts';

/** What an edge says of one request, in the header X-Boot-Edge. */
export interface EdgeStatement {
  /** Names the key. */
  readonly kid: string;
  /** Unix seconds. */
  readonly t: number;
  /** Address of the client, in its canonical spelling. */
  readonly address: string;
  /** MAC of the client's interface, as `aa:bb:cc:dd:ee:ff`. */
  readonly hw?: string;
  /** What the edge can do for the client; ascending, each once. */
  readonly capabilities: readonly string[];
}

/** A key, and what its holder may say. */
export interface EdgeKey {
  readonly secret: Buffer;
  readonly networks: readonly { contains(address: string): boolean }[];
  readonly capabilities: readonly string[];
}

export interface EdgeTrust {
  readonly keyOf: (kid: string) => EdgeKey | undefined;
  /** The one spelling of an address; undefined when it is none. */
  readonly canonicalAddress: (text: string) => string | undefined;
}

/** Why a request is not vouched for; in the order in which it is judged. */
export type EdgeFailure =
  | 'missing'
  | 'duplicated'
  | 'malformed'
  | 'unknown-key'
  | 'wrong-mac'
  | 'stale'
  | 'early'
  | 'address'
  | 'capability';

export type EdgeVerdict =
  | ({ readonly ok: true } & Omit<EdgeStatement, 't'>)
  | {
      readonly ok: false;
      readonly failure: EdgeFailure;
      /** Without anything of the header but its kid. */
      readonly message: string;
    };

/** How far an edge's clock may be off, in seconds. */
const skewSeconds = 60;

/** One spelling of everything, so that no two headers say the same. The last digit of a MAC leaves two bits unused: they are zero. */
const grammar =
  /^v1;kid=([A-Za-z0-9._-]{1,64});aud=boot;t=([1-9]\d{0,11});addr=([0-9a-f.:]{2,45});hw=([0-9a-f:]{17})?;can=([a-z,]{1,64})?;mac=([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/;

/** EUI-48 of one interface: neither a group address (IEEE 802, I/G bit) nor zero. */
const unicastMac = /^(?!00:00:00:00:00:00$)[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/;

/** The header's value. The request target is the raw one, to the byte (Latin-1, as node has it). */
export function edgeHeader(
  statement: EdgeStatement,
  { method, target }: Pick<Received, 'method' | 'target'>,
  secret: Buffer,
): string {
  const { kid, t, address, hw = '', capabilities } = statement;
  const said = { kid, t: String(t), addr: address, hw, can: capabilities.join(',') };
  const mac = macOf(said, { method, target }, secret).toString('base64url');
  return `v1;kid=${kid};aud=boot;t=${said.t};addr=${address};hw=${hw};can=${said.can};mac=${mac}`;
}

/**
 * What one valid header vouches for. Time and scope are judged after the MAC: `stale` is said of genuine headers only.
 * Never throws.
 */
export function verifyEdge(
  { method, target, rawHeaders }: Received,
  { keyOf, canonicalAddress }: EdgeTrust,
  now: Date,
): EdgeVerdict {
  const values = rawHeaders.filter(
    (_, n) => n % 2 === 1 && rawHeaders[n - 1]?.toLowerCase() === 'x-boot-edge',
  );
  const [value, ...more] = values;
  if (value === undefined) return no('missing', 'There is no X-Boot-Edge: ask through an edge');
  if (more.length > 0)
    return no('duplicated', 'There is more than one X-Boot-Edge: an edge strips all others');
  const said = read(value, canonicalAddress);
  if (!said) return no('malformed', 'X-Boot-Edge is not spelled as it must be');
  const { kid, t, addr: address, hw, can } = said;
  const key = keyOf(kid);
  if (!key) return no('unknown-key', `There is no edge key ${kid}: add it to BROKER_EDGE_KEYS`);
  const sent = Buffer.from(said.mac, 'base64url');
  const wanted = macOf(said, { method, target }, key.secret);
  if (sent.length !== wanted.length || !timingSafeEqual(sent, wanted))
    return no('wrong-mac', `X-Boot-Edge is not what key ${kid} makes of this method and request target`);
  const age = Math.floor(now.getTime() / 1000) - Number(t);
  if (age > skewSeconds) return no('stale', `Key ${kid} signed ${age} s ago: compare the clocks`);
  // Asked this way round, a clock that is no time believes nobody.
  if (!(age >= -skewSeconds)) return no('early', `Key ${kid} signed ${-age} s ahead: compare the clocks`);
  if (!key.networks.some((network) => network.contains(address)))
    return no('address', `Key ${kid} may not vouch for ${address}: see its networks`);
  const capabilities = can === '' ? [] : can.split(',');
  const foreign = capabilities.find((capability) => !key.capabilities.includes(capability));
  if (foreign !== undefined)
    return no('capability', `Key ${kid} may not say ${foreign}: see its capabilities`);
  return { ok: true, kid, address, ...(hw && { hw }), capabilities };
}

const no = (failure: EdgeFailure, message: string): EdgeVerdict => ({ ok: false, failure, message });

/** The header's fields, as they are spelled. */
interface Said {
  readonly kid: string;
  readonly t: string;
  readonly addr: string;
  readonly hw: string;
  readonly can: string;
}

function read(
  value: string,
  canonicalAddress: EdgeTrust['canonicalAddress'],
): (Said & { readonly mac: string }) | undefined {
  const match = grammar.exec(value);
  if (!match) return undefined;
  const [, kid = '', t = '', addr = '', hw = '', can = '', mac = ''] = match;
  if (canonicalAddress(addr) !== addr || (hw !== '' && !unicastMac.test(hw))) return undefined;
  const names = can === '' ? [] : can.split(',');
  const ascending = names.every((name, n) => name !== '' && (n === 0 || name > (names[n - 1] ?? '')));
  return ascending ? { kid, t, addr, hw, can, mac } : undefined;
}

function macOf(
  { kid, t, addr, hw, can }: Said,
  { method, target }: Pick<Received, 'method' | 'target'>,
  secret: Buffer,
): Buffer {
  const message = ['v1', kid, 'boot', t, addr, hw, can, method, target].join('\n');
  return createHmac('sha256', secret).update(message, 'latin1').digest();
}
