import type { BootRequest, Wanted } from '../../boot/boot-request.ts';
import type { Caller } from '../../boot/client.ts';
import { claimedIdentity, type Identity, isUuid, parseMac } from '../../boot/machine/identity.ts';
import { claimedMake } from '../../boot/machine/make.ts';
import { type Refusal, refuse } from '../../boot/problem.ts';
import { parseArch } from '../../boot/profile.ts';
import { decoded } from '../plane/request-target.ts';
import type { BootContext } from './context.ts';

/** What a request says of the program that sent it. */
export function callerOf({ req, originalUrl }: BootContext): Caller {
  const { headers, httpVersion } = req;
  // A host in the request target says nothing about the program.
  const host = originalUrl.startsWith('/') ? headers.host : hostAsSent(req.rawHeaders);
  return { userAgent: headers['user-agent'], host, httpVersion };
}

function hostAsSent(rawHeaders: readonly string[]): string | undefined {
  const at = rawHeaders.findIndex((name, n) => n % 2 === 0 && name.toLowerCase() === 'host');
  return at < 0 ? undefined : rawHeaders[at + 1];
}

/** One query parameter. */
export type Query = (name: string) => string | undefined;

/** The parameters of the query; one that is given twice, or cannot be read, says nothing. `+` is a plus, as iPXE and firmware write it. */
export function queryOf({ querystring }: BootContext): Query {
  if (querystring === '') return () => undefined;
  const values = new Map<string, string | undefined>();
  let last = '';
  for (const pair of querystring.split('&')) {
    const at = pair.indexOf('=');
    const before = values.get(last);
    if (at >= 0) {
      last = pair.slice(0, at);
      values.set(last, values.has(last) ? undefined : pair.slice(at + 1));
    } else if (before !== undefined && texts.includes(last)) values.set(last, `${before}%26${pair}`);
  }
  return (name) => {
    const value = values.get(name);
    return value === undefined ? undefined : decoded(value);
  };
}

/** What SMBIOS says in words. Builds of iPXE before 1844aacc8 send an `&` in them as it is, and the rest stands without a name. */
const texts = ['serial', 'manufacturer', 'product'];

/** The request as far as it decides anything. */
export function bootRequest(ctx: BootContext, wanted: Wanted, query: Query): BootRequest {
  const { source, client, origin } = ctx.state;
  const scripted = query('machine');
  // A path for one architecture is DHCP's word for it, where the loader has none of its own.
  const claimedArch = claimed(query('arch')) ?? claimed(ctx.params.arch);
  const arch = parseArch(claimedArch);
  const named = query('boot')?.toLowerCase();
  return {
    method: ctx.method,
    wanted,
    source,
    client,
    identity: identityOf(ctx, query),
    make: claimedMake(query),
    ...(source.edge && { edge: source.edge }),
    ...(scripted !== undefined && { scripted }),
    ...(query('version') !== undefined && { chained: true }),
    ...(arch && { arch }),
    ...(named !== undefined && isUuid(named) && { boot: named }),
    ...(claimedArch && { claimedArch }),
    ...(origin && { origin }),
  };
}

/** What a loader left unexpanded (`${buildarch}`) is no claim. */
function claimed(text: string | undefined): string | undefined {
  return text && !text.includes('${') ? text : undefined;
}

/** The identity in the path, `/m/{mac}/...`, or else in the query. */
function identityOf(ctx: BootContext, query: Query): Identity | Refusal {
  const inPath = ctx.params.mac;
  if (inPath === undefined) return claimedIdentity(query);
  const mac = parseMac(inPath);
  return mac
    ? { mac }
    : refuse('bad-identity', 'The path names no MAC address. Ask for /m/aa-bb-cc-dd-ee-ff/...');
}
