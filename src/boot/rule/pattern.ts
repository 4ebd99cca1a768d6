/**
 * Whether a name is like a pattern, in either case. Without `*` the pattern may stand anywhere in the name; with it, the pattern is
 * about the whole name, and `*` is anything, or nothing. It takes linear time, whatever both say.
 */
export function isLike(pattern: string, name: string): boolean {
  const wanted = plain(pattern);
  const text = plain(name);
  const [first = '', ...rest] = wanted.split('*');
  const last = rest.pop();
  if (last === undefined) return text.includes(first);
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Makers fill up with spaces, inside names as well. */
function plain(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').toLowerCase();
}
