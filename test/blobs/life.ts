/** When a signed URL was signed and when it expires, as it says itself; in ms since 1970. */
export function lifeOf(url: string): { signed: number; expires: number } {
  const { searchParams } = new URL(url);
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('X-Goog-Date') ?? '') ?? [];
  const signed = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return { signed, expires: signed + Number(searchParams.get('X-Goog-Expires')) * 1000 };
}
