/** What we can know of a caller from its request line and headers. */
export interface Caller {
  readonly userAgent: string | undefined;
  readonly httpVersion: string;
  readonly host: string | undefined;
}

/** What a client is able to do with an answer. */
export interface ClientRow {
  /** Names the row in logs, metrics and explain. */
  readonly id: string;
  readonly matches: (caller: Caller) => boolean;
  readonly followsRedirects: boolean;
  /** Whether it can be expected to fetch from Google's own certificates. */
  readonly https: boolean;
  /** It runs an iPXE script: it is iPXE. */
  readonly runsScripts?: true;
  /** It decodes and re-encodes the query of a redirect's target (iPXE before 1844aacc8, 2021-11-11). */
  readonly reencodesQuery: boolean;
  /** Characters that it takes in a redirect's Location; undefined: no limit known. */
  readonly maxRedirectLength?: number;
  /**
   * Where we know it from: `source`, read in its source; `binary`, seen in a shipped binary; `report`, a vendor or user says so;
   * `guess`. And what else is known, by which nothing is decided: all answers have a length and know HEAD and ranges.
   */
  readonly evidence: { readonly kind: 'source' | 'binary' | 'report' | 'guess'; readonly text: string };
}

export interface Client extends Omit<ClientRow, 'matches'> {
  /** What the machine's own overrides changed of the row, in their spelling. */
  readonly overridden?: readonly (keyof ClientOverride)[];
}

/** What an administrator knows better about one client of one machine. */
export interface ClientOverride {
  readonly follows_redirects?: boolean;
  readonly https?: boolean;
  readonly reencodes_query?: boolean;
  readonly max_redirect_length?: number;
}

/** By the id of a row; `any` is for all clients that have none of their own. */
export type ClientOverrides = Readonly<Partial<Record<string, ClientOverride>>>;

const agent = (pattern: RegExp) => (caller: Caller) => pattern.test(caller.userAgent ?? '');

/** First match wins; whoever is unknown gets its bytes from the broker. The User-Agent is a hint, never an authorisation. */
export const clientTable: readonly ClientRow[] = [
  {
    id: 'uefi-http-boot',
    matches: agent(/^UefiHttpBoot\/1\.0$/),
    followsRedirects: false,
    https: false,
    reencodesQuery: false,
    evidence: {
      kind: 'source',
      text: 'EDK2 HttpImpl.c: status >= 300 is EFI_HTTP_ERROR, in every release to 202605; shim and RHEL GRUB send the same User-Agent and take only 200; needs HEAD and Content-Length; its first URL has at most 254 characters',
    },
  },
  {
    id: 'ipxe-2',
    matches: agent(/^iPXE\/([2-9]|[1-9]\d+)\./),
    runsScripts: true,
    followsRedirects: true,
    https: true,
    reencodesQuery: false,
    evidence: {
      kind: 'source',
      text: 'iPXE httpcore.c follows any Location; query kept byte for byte since 1844aacc8; https on by default except BIOS since 05cb93046',
    },
  },
  {
    id: 'ipxe-1',
    matches: agent(/^iPXE(\/|$)/),
    runsScripts: true,
    followsRedirects: true,
    https: false,
    reencodesQuery: true,
    evidence: {
      kind: 'source',
      text: 'iPXE uri.c before 1844aacc8 (2021-11-11) decodes and re-encodes path and query; Debian bookworm binary has no https string',
    },
  },
  {
    id: 'grub',
    matches: agent(/^GRUB /),
    followsRedirects: false,
    https: false,
    reencodesQuery: false,
    evidence: {
      kind: 'source',
      text: 'GRUB net/http.c: 200 and 206 only, "Content-Length: " case-sensitive, every seek is a Range request taken for 206; DHCP gives it a URL of at most 255 characters',
    },
  },
  {
    id: 'u-boot-lwip',
    matches: agent(/^lwIP\//),
    followsRedirects: false,
    https: false,
    reencodesQuery: false,
    evidence: {
      kind: 'source',
      text: 'U-Boot net/lwip/wget.c: anything but 200 fails; needs Content-Length, and HEAD where EFI asks; a URL has at most 1024 characters',
    },
  },
  {
    id: 'u-boot',
    matches: (caller) =>
      caller.httpVersion === '1.0' && caller.host === undefined && caller.userAgent === undefined,
    followsRedirects: false,
    https: false,
    reencodesQuery: false,
    evidence: {
      kind: 'source',
      text: 'U-Boot net/wget.c: HTTP/1.0 without any header, only 200, headers up to 2048 bytes, a name of at most 1024 characters; needs "Content-Length:" in that case, and HEAD where EFI asks',
    },
  },
  {
    id: 'httpfs2',
    matches: agent(/^httpfs2\.c/),
    followsRedirects: false,
    https: false,
    reencodesQuery: false,
    evidence: {
      kind: 'source',
      text: 'httpfs2 0.1.5 (iDRAC9 virtual media): 1024-byte buffer for all headers, so a signed Location does not fit; wants HEAD, Content-Length, Accept-Ranges and 206, and a URL of at most 255 characters',
    },
  },
  {
    id: 'uefi-shell',
    matches: agent(/\(EDK2; Linux\)/),
    followsRedirects: true,
    https: false,
    reencodesQuery: false,
    evidence: {
      kind: 'source',
      text: 'EDK2 ShellPkg HttpDynamicCommand/Http.c follows 300 to 308; TLS trusts only enrolled roots',
    },
  },
  {
    id: 'curl-wget',
    matches: agent(/^(curl|Wget)\//),
    followsRedirects: true,
    https: true,
    reencodesQuery: false,
    evidence: { kind: 'guess', text: 'wget follows by default, curl with -L; both bring the system roots' },
  },
  {
    id: 'other',
    matches: () => true,
    followsRedirects: false,
    https: false,
    reencodesQuery: false,
    evidence: {
      kind: 'report',
      text: 'BMC virtual media, Raspberry Pi EEPROM (rpi-eeprom #475) and vendor firmware refuse redirects; unknown clients are taken for one of these: they may need HEAD, Content-Length and 206, and a URL of at most 255 characters',
    },
  },
];

/** The rows without their matchers. */
const clients = new Map<ClientRow, Client>(
  clientTable.map((row) => {
    const { matches: _, ...client } = row;
    return [row, client];
  }),
);

/** The row for this caller, without its matcher. */
export function clientOf(caller: Caller): Client {
  const row = clientTable.find((candidate) => candidate.matches(caller));
  const client = row && clients.get(row);
  if (!client) throw new Error('the client table must end in a row that matches everybody');
  return client;
}

/** The client as the machine's overrides have it; they win over the table. */
export function overridden(client: Client, overrides: ClientOverrides | undefined): Client {
  const override = overrides && (Object.hasOwn(overrides, client.id) ? overrides[client.id] : overrides.any);
  if (!override) return client;
  const { follows_redirects, https, reencodes_query, max_redirect_length } = override;
  const changed = Object.keys(override) as (keyof ClientOverride)[];
  if (changed.length === 0) return client;
  return {
    ...client,
    ...(follows_redirects !== undefined && { followsRedirects: follows_redirects }),
    ...(https !== undefined && { https }),
    ...(reencodes_query !== undefined && { reencodesQuery: reencodes_query }),
    ...(max_redirect_length !== undefined && { maxRedirectLength: max_redirect_length }),
    overridden: changed,
  };
}
