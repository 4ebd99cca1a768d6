import { connect } from 'node:net';
import { failed, type Outcome, passed, skipped } from './finding.ts';

/** Addresses at which Private Google Access serves all APIs (Google: "Configure Private Google Access", domain options). */
export interface Vip {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ports: { readonly https: number; readonly http: number };
}

const ports = { https: 443, http: 80 };
const addresses = (from: number) => [0, 1, 2, 3].map((n) => `199.36.153.${from + n}`);

export const vips: readonly Vip[] = [
  { name: 'private.googleapis.com', addresses: addresses(8), ports },
  { name: 'restricted.googleapis.com', addresses: addresses(4), ports },
];

const patienceMs = 1_500;

/**
 * Whether Private Google Access can be reached, by TCP: it answers no ping. It must be where DNS sends the storage's name
 * there; elsewhere it is only told.
 */
export async function checkPrivateAccess(
  endpoint: string,
  tried: readonly Vip[],
  resolve: (host: string) => Promise<readonly string[]>,
): Promise<Outcome<never>> {
  const { hostname } = new URL(endpoint);
  if (!/(^|\.)googleapis\.com$/.test(hostname)) return skipped(`${hostname} is not Google's`);
  const resolved = await resolve(hostname).catch((): readonly string[] => []);
  const reached = await Promise.all(tried.map(reach));
  const text = reached.map(({ text }) => text).join('; ');
  const used = tried.findIndex((vip) => resolved.some((address) => vip.addresses.includes(address)));
  if (used >= 0 && !reached[used]?.https)
    return failed(
      `${hostname} is ${tried[used]?.name} here, which is not reached (${text}); switch Private Google Access on for the subnet, route ${tried[used]?.addresses[0]}/30 to the default internet gateway, and masquerade what comes from the tunnel`,
    );
  const here = `${hostname} resolves to ${used >= 0 ? tried[used]?.name : 'other addresses'} here`;
  if (reached.some(({ https }) => https)) return passed(`${here}; ${text}`);
  return skipped(`${here}; ${text}: run it on the gateway if machines fetch through Private Google Access`);
}

async function reach({ name, addresses, ports }: Vip): Promise<{ https: boolean; text: string }> {
  const count = async (port: number) =>
    (await Promise.all(addresses.map((address) => connects(address, port)))).filter(Boolean).length;
  const [https, http] = await Promise.all([count(ports.https), count(ports.http)]);
  const of = (n: number) => `${n} of ${addresses.length}`;
  return { https: https > 0, text: `${name}: https on ${of(https)}, http on ${of(http)} addresses` };
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patienceMs });
    const end = (connected: boolean) => {
      socket.destroy();
      resolve(connected);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
