import { lru } from '../lru.ts';
import { LONGEST_LIFETIME, type Signer, signUrl, type UrlRequest } from '../sign/v4.ts';

export interface SignedUrlsOptions {
  readonly clock: () => Date;
  /** How many URLs are kept; of about 1 KB each, keys included. */
  readonly capacity?: number;
  /** Hears of each question whether its answer was at hand, or had to be signed. */
  readonly onRead?: (result: 'hit' | 'miss') => void;
  /** Hears why a URL could not be renewed in time; the old one still serves. */
  readonly onRenewalFailure?: (error: unknown) => void;
}

/** Signed URLs that are handed out many times. */
export interface SignedUrls {
  /**
   * A URL that works for at least `ttlSeconds` more. At hand it comes as it is, without a promise; else it is signed,
   * once for all who ask. Rejects with whatever the signer throws, which the next caller does not inherit. `fresh`: none that
   * was signed more than a second ago, so that asking for it again and again costs one signature a second.
   */
  get(request: UrlRequest, signer: Signer, ttlSeconds: number, fresh?: boolean): string | Promise<string>;
}

interface SignedUrl {
  readonly url: string;
  /** All in ms since 1970. */
  readonly signedAt: number;
  readonly renewFrom: number;
  readonly handOutUntil: number;
}

/** Shorter slack would not outlast a slow signer; in seconds. */
const leastSlack = 30;
const mostSlack = 900;

/** The longest life that can be promised, in seconds: some of the seven days goes to the slack and to rounding. */
export const LONGEST_PROMISE = LONGEST_LIFETIME - leastSlack - 1;

/** A signature knows whole seconds: signed again within one, a URL is the same. In ms. */
const freshFor = 1_000;

/** After a renewal that failed, in ms. */
const renewalPause = 5_000;

/**
 * A cache in front of all signers. A URL is signed for longer than was promised, by a slack: as much again, at least 30 s,
 * at most 15 minutes, never past seven days. For the first half of it nothing is signed for the same key again, in the
 * second half the next URL is signed while this one still serves.
 *
 * So a URL may live longer than promised by its slack, which gives little away: it opens one generation of one object
 * for reading, to somebody who got it by asking and could have asked again. What is taken away from a machine is gone
 * that much later.
 */
export function signedUrls(options: SignedUrlsOptions): SignedUrls {
  const { clock, capacity = 4_096, onRead, onRenewalFailure } = options;
  const kept = lru<SignedUrl>(capacity);
  const flights = new Map<string, Promise<SignedUrl>>();

  const fly = (key: string, make: () => Promise<SignedUrl>): Promise<SignedUrl> => {
    const underway = flights.get(key);
    if (underway !== undefined) return underway;
    const flight = make()
      .then((signed) => {
        kept.set(key, signed);
        return signed;
      })
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };

  const wait = async (key: string, make: () => Promise<SignedUrl>): Promise<string> => {
    // A flight may land too late: it began before this caller came, or the machine slept meanwhile.
    for (let tries = 0; tries < 2; tries++) {
      const signed = await fly(key, make);
      if (serves(signed, clock().getTime())) return signed.url;
    }
    throw new Error('signing took longer than the URL may wait: see why the signer is slow');
  };

  return {
    get(request, signer, ttlSeconds, fresh = false) {
      const slack = slackOf(ttlSeconds);
      const key = keyOf(request, signer, ttlSeconds);
      const make = () => sign(request, signer, ttlSeconds, slack, clock());
      const now = clock().getTime();
      const signed = kept.get(key);
      const old = fresh && signed && now - signed.signedAt > freshFor;
      const isAtHand = signed && !old && serves(signed, now);
      onRead?.(isAtHand ? 'hit' : 'miss');
      if (!isAtHand) return wait(key, make);
      if (now >= signed.renewFrom) {
        kept.set(key, { ...signed, renewFrom: now + renewalPause });
        fly(key, make).catch((error: unknown) => onRenewalFailure?.(error));
      }
      return signed.url;
    },
  };
}

/** In seconds. */
function slackOf(ttlSeconds: number): number {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > LONGEST_PROMISE)
    throw new RangeError(
      `A signed URL can be promised for 1 to ${LONGEST_PROMISE} whole seconds, not ${ttlSeconds}: shorten it (BROKER_URL_TTL_SECONDS)`,
    );
  const wanted = Math.min(Math.max(ttlSeconds, leastSlack), mostSlack);
  return Math.min(wanted, LONGEST_LIFETIME - ttlSeconds - 1);
}

/** Everything that a URL depends on but the time. */
function keyOf(request: UrlRequest, { algorithm, identity }: Signer, ttlSeconds: number): string {
  const { method, bucket, object, endpoint, style, query, headers } = request;
  const where = [method, endpoint, style, bucket, object];
  return JSON.stringify([algorithm, identity, ttlSeconds, ...where, sorted(query), sorted(headers)]);
}

/** Names and values by turns. */
function sorted(fields: Readonly<Record<string, string>> | undefined): readonly string[] | undefined {
  if (!fields) return undefined;
  const names = Object.keys(fields);
  if (names.length > 1) names.sort();
  return names.flatMap((name) => [name, fields[name] ?? '']);
}

async function sign(
  request: UrlRequest,
  signer: Signer,
  ttlSeconds: number,
  slack: number,
  now: Date,
): Promise<SignedUrl> {
  // One second more, because signing rounds the time down.
  const url = await signUrl(request, signer, { now, expiresSeconds: ttlSeconds + slack + 1 });
  const signedAt = now.getTime();
  return {
    url,
    signedAt,
    renewFrom: signedAt + slack * 500,
    handOutUntil: signedAt + slack * 1000,
  };
}

/** A clock that was put back makes what was signed before it worthless: it is dated ahead. */
function serves(signed: SignedUrl, now: number): boolean {
  return now >= signed.signedAt && now <= signed.handOutUntil;
}
