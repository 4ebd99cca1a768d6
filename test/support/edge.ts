import { type EdgeStatement, edgeHeader } from '../../src/sign/x-boot-edge.ts';
import { type Answered, type Asking, ask } from './http.ts';

/** The keys of these tests, as BROKER_EDGE_KEYS takes them: an edge in the cloud, which only follows, and one on a site. */
export const edgeKey = Buffer.alloc(32, 7);
const key = edgeKey.toString('base64url');
export const edgeKeysSetting = JSON.stringify([
  { kid: 'cloud', key, networks: ['10.10.0.0/16', '8.8.8.0/24'], capabilities: ['follow'] },
  { kid: 'site-a', key, networks: ['192.168.7.0/24'], capabilities: ['cache', 'follow'] },
]);

export type Said = Partial<EdgeStatement>;

/** What the site's edge says of a machine of its own, unless told. */
export function vouch(method: string, target: string, said: Said = {}): string {
  const t = Math.floor(Date.now() / 1000);
  const statement = { kid: 'site-a', t, address: '192.168.7.20', capabilities: [], ...said };
  return edgeHeader(statement, { method, target }, edgeKey);
}

/** Asks as an edge does. */
export function askAsEdge(
  port: number,
  target: string,
  said: Said = {},
  asking: Asking = {},
): Promise<Answered> {
  const header = vouch(asking.method ?? 'GET', target, said);
  return ask(port, target, { ...asking, headers: { 'X-Boot-Edge': header, ...asking.headers } });
}
