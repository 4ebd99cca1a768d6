/** Octets of an Ethernet MAC (EUI-48), of an InfiniBand GUID (EUI-64), and of an IPoIB address, which ends with one (RFC 4391 9.1.1). */
const lengths: readonly number[] = [6, 8, 20];

/** ARP's hardware types 1 (Ethernet) and 32 (InfiniBand), which PXELINUX and its like write in front of the address (BOOTIF). */
const typed: Readonly<Record<string, readonly number[]>> = { '01': [6], '20': [8, 20] };

/**
 * Any usual spelling of one interface's hardware address in, `aa:bb:cc:dd:ee:ff` out: 6, 8 or 20 octets, in pairs with `:` or `-`,
 * in fours with `.`, bare, or with its hardware type in front. Undefined when it is none: not set, or a group's (IEEE 802, I/G bit).
 */
export function parseMac(text: string): string | undefined {
  const octets = octetsIn(text.toLowerCase());
  if (!octets) return undefined;
  const address = typed[octets[0] ?? '']?.includes(octets.length - 1) ? octets.slice(1) : octets;
  if (!lengths.includes(address.length)) return undefined;
  const group = address.length === 6 && Number.parseInt(address[0] ?? '1', 16) & 1;
  const unset = address.every((octet) => octet === '00') || address.every((octet) => octet === 'ff');
  return group || unset ? undefined : address.join(':');
}

/** What a text is that looks like such an address and is none, for whoever typed it. */
export function macFault(text: string): string {
  const octets = octetsIn(text.toLowerCase());
  if (!octets) return '';
  if (octets.every((octet) => octet === '00' || octet === 'ff')) return ': this one means that none is set';
  if (octets.length === 6) return ": this one is a group's, by its first octet (IEEE 802, I/G bit)";
  return `: addresses have 6, 8 or 20 octets, not ${octets.length}`;
}

function octetsIn(text: string): readonly string[] | undefined {
  const spelled =
    /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2})*)$/.test(text) ||
    /^[0-9a-f]{4}(\.[0-9a-f]{4})+$/.test(text) ||
    /^([0-9a-f]{2})+$/.test(text);
  return spelled && text.length < 64 ? (text.match(/[0-9a-f]{2}/g) ?? undefined) : undefined;
}
