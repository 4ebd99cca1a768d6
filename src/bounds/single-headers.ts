/** What these say must have one meaning: of two that came, some readers believe the first and some the last. */
const single = /^(host|authorization)$/i;

/** The name, in lower case, of a header that came more than once although it must not (RFC 9112 section 3.2, RFC 9110 section 5.3). */
export function repeatedHeader(rawHeaders: readonly string[]): string | undefined {
  const names = rawHeaders
    .filter((name, n) => n % 2 === 0 && single.test(name))
    .map((name) => name.toLowerCase());
  return names.find((name, n) => names.indexOf(name) !== n);
}
