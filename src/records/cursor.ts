/** A cursor that no list returned. The caller's mistake, not the store's: 400. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';

  constructor() {
    super(
      'The cursor is not one that a list returned. Take `next` of the page before as it is, or start without a cursor.',
    );
  }
}

/** The key of a page's last item, as `next` carries it (base64url, RFC 4648 section 5). */
export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** The key again; undefined unless `encodeCursor` wrote this very text. */
export function decodeCursor(cursor: string): string | undefined {
  const key = Buffer.from(cursor, 'base64url').toString();
  return encodeCursor(key) === cursor ? key : undefined;
}

/** The number that is the key. Throws BadCursor. */
export function seqOf(cursor: string): number {
  const key = decodeCursor(cursor);
  if (key === undefined || !/^[1-9]\d{0,14}$/.test(key)) throw new BadCursor();
  return Number(key);
}
