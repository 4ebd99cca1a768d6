import { forGood } from './asset.ts';

/**
 * What an object carries besides its bytes and their type, by header (in lower case). A client that follows a signed URL gets it
 * along, and goes by it: with a Content-Encoding, clients open other bytes than were hashed.
 */
export type Carried = Readonly<Record<string, string>>;

/** What every upload is granted, and nothing else: somebody with its URL may have added to it, as far as that is not signed. */
const granted: Carried = { 'cache-control': forGood };

/** Which headers are not as they were granted; undefined when all are. `identity` says that nothing encodes it. */
export function ungranted(carried: Carried): string | undefined {
  const names = new Set([...Object.keys(carried), ...Object.keys(granted)]);
  const different = [...names].filter((name) => {
    if (name === 'content-encoding' && carried[name] === 'identity') return false;
    return carried[name] !== granted[name];
  });
  if (different.length === 0) return undefined;
  return different
    .sort()
    .map((name) => `${name} is ${carried[name] ?? 'missing'}, granted was ${granted[name] ?? 'none'}`)
    .join('; ');
}
