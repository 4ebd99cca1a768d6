/** What these say must have one meaning: of two that came, some readers believe the first and some the last. */
const single = /^(host|authorization)$/i;

/** The name, in lower case, of a header that came more than once although it must not (RFC 9112 section 3.2, RFC 9110 section 5.3). */
export function repeatedHeader(rawHeaders: readonly string[]): string | undefined {
  const seen: string[] = [];
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n] ?? '';
    if (!single.test(name)) continue;
    const lower = name.toLowerCase();
    if (seen.includes(lower)) return lower;
    seen.push(lower);
  }
  return undefined;
}
