/** Deeper than anything that this API takes. */
const deepest = 64;

/** One token of a text that is known to be JSON; what stands between them says nothing. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\]:]|-?\d[\d.eE+-]*|[tfn][a-z]+/g;

/**
 * Reads JSON (RFC 8259), and takes no text of which JSON.parse would keep less than it says: keys that occur twice in one
 * object, `__proto__`, numbers that no double holds, halves of surrogate pairs. A fault says where, and quotes nothing: what
 * is sent may hold what no log should. `most` is how many keys and values it may have: each of them may be a mistake, and costs.
 */
export function readStrictJson(
  text: string,
  most = Number.POSITIVE_INFINITY,
): { readonly value: unknown } | { readonly fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const where = /at position \d+/.exec((error as Error).message)?.[0] ?? '';
    return { fault: `is no JSON${where && `, from what stands ${where} on`}` };
  }
  const fault = lossIn(text, most);
  return fault ? { fault } : { value };
}

function lossIn(text: string, most: number): string | undefined {
  /** The keys so far of each object that is open; nothing for an array. */
  const open: (Set<string> | undefined)[] = [];
  let last: string | undefined;
  let count = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    const where = `at position ${index}`;
    if (!/^[}\]:]/.test(found) && ++count > most)
      return `has more than ${most} keys and values, up to what stands ${where}`;
    if (found === '{' || found === '[') {
      open.push(found === '{' ? new Set() : undefined);
      if (open.length > deepest) return `nests deeper than ${deepest} levels ${where}`;
    } else if (found === '}' || found === ']') open.pop();
    else if (found === ':') {
      const keys = open.at(-1);
      const key = last ?? '';
      if (key === '__proto__') return `has a key that is no name before the colon ${where}`;
      if (keys?.has(key)) return `has a key for the second time before the colon ${where}`;
      keys?.add(key);
    } else if (found.startsWith('"')) {
      last = found.includes('\\') ? JSON.parse(found) : found.slice(1, -1);
      if (!last?.isWellFormed()) return `has half a surrogate pair ${where}`;
    } else if (/^[tfn]/.test(found)) continue;
    else if (!isExact(found)) return `has a number that cannot be kept exactly ${where}`;
  }
  return undefined;
}

/** A fraction means the nearest double to everybody. */
function isExact(number: string): boolean {
  const value = Number(number);
  return /^-?\d+$/.test(number) ? Number.isSafeInteger(value) : Number.isFinite(value);
}
