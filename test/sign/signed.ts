import { type Signer, signUrl, type UrlRequest } from '../../src/sign/v4.ts';
import { type Received, verifyUrl } from '../../src/sign/verify.ts';
import { hmac, keyOf } from './keys.ts';
import { receive } from './received.ts';

/** When the tests' URLs are signed. */
export const now = new Date('2026-05-06T07:08:09Z');

/** So many minutes later. */
export const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
export const endpoint = 'http://127.0.0.1:8082';

/** A request with a URL that is good at `now` and for ten minutes. */
export async function signed(request: Partial<UrlRequest> = {}, signer: Signer = hmac): Promise<Received> {
  const { method = 'GET', headers = {} } = request;
  const whole = {
    method,
    bucket: 'boot-assets',
    object: 'assets/7/linux.efi',
    endpoint,
    headers,
    ...request,
  };
  return receive(await signUrl(whole, signer, { now, expiresSeconds: 600 }), { method, headers });
}

export const verify = (received: Received, at = now) => verifyUrl(received, keyOf, at);
/** The request with its target changed; throws when the change changes nothing. */
export function retarget(received: Received, from: string | RegExp, to: string): Received {
  const target = received.target.replace(from, to);
  if (target === received.target) throw new Error(`the target holds no ${from}`);
  return { ...received, target };
}
