import { InvalidArgumentError } from 'commander';

const hourMs = 3_600_000;

/** How long from now: `12h`, `90d`; or until when, in RFC 3339. */
export type Expiry = { readonly ms: number } | { readonly at: string };

export function expiry(text: string): Expiry {
  const [, count, unit] = /^([1-9]\d{0,4})([hd])$/.exec(text) ?? [];
  if (count) return { ms: Number(count) * (unit === 'd' ? 24 * hourMs : hourMs) };
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  if (!isTime || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('Write 12h, 90d, a date such as 2027-01-31, or a time of RFC 3339.');
  return { at: new Date(text).toISOString() };
}

export function expiresAt(given: Expiry, now: Date): string {
  return 'at' in given ? given.at : new Date(now.getTime() + given.ms).toISOString();
}
