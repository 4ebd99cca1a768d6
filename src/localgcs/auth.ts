import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Verdict, type VerifyingKey, verifyUrl } from '../sign/verify.ts';
import { isLoopback } from './loopback.ts';
import type { LocalgcsOptions } from './options.ts';
import { publicKeyOf } from './public-key.ts';
import { type Refusal, refuse } from './refusal.ts';

/** The callers that this storage believes. */
export interface Trust {
  /** Undefined when the request may do everything. */
  unsigned(request: IncomingMessage): Refusal | undefined;
  signed(request: IncomingMessage): Extract<Verdict, { ok: true }> | Refusal;
}

export function createTrust(
  { token, keys }: Pick<LocalgcsOptions, 'token' | 'keys'>,
  clock: () => Date,
): Trust {
  const byIdentity = new Map(
    keys.map((key): [string, VerifyingKey] => [
      key.identity,
      key.algorithm === 'GOOG4-HMAC-SHA256'
        ? key
        : { algorithm: key.algorithm, publicKey: publicKeyOf(key.identity, key.publicKeyPem) },
    ]),
  );
  return {
    unsigned: token === undefined ? onlyFromHere : holding(token),
    signed: (request) => {
      const { method = '', url: target = '', rawHeaders } = request;
      const verdict = verifyUrl(
        { method, target, rawHeaders },
        (identity) => byIdentity.get(identity),
        clock(),
      );
      return verdict.ok ? verdict : refusalOf(verdict);
    },
  };
}

/** Whether a request says that it is signed. */
export const isSigned = (target: string) => /[?&]x-goog-(?:algorithm|credential|signature)=/i.test(target);

/** Digests are compared, because they are of one length whatever was sent. */
function holding(token: string): Trust['unsigned'] {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const wanted = digest(token);
  return ({ headers }) => {
    const [, sent] = /^Bearer +(.+)$/i.exec(headers.authorization ?? '') ?? [];
    if (sent === undefined)
      return refuse(
        'AuthenticationRequired',
        'Anonymous caller does not have access: send the token, or a signed URL.',
      );
    return timingSafeEqual(digest(sent), wanted)
      ? undefined
      : refuse('AuthenticationRequired', 'Invalid Credentials');
  };
}

/** Without a token: programs on this machine, but no web page that a browser on it shows. */
function onlyFromHere({ headers }: IncomingMessage): Refusal | undefined {
  const host = headers.host?.replace(/:\d+$/, '') ?? '';
  if (!isLoopback(host)) return refuse('AccessDenied', `Open to loopback only: the Host ${host} is another.`);
  if (headers.origin !== undefined)
    return refuse('AccessDenied', 'Open to programs only: a browser sent an Origin.');
  return undefined;
}

function refusalOf(verdict: Extract<Verdict, { ok: false }>): Refusal {
  const { failure, canonicalRequest: CanonicalRequest, stringToSign: StringToSign } = verdict;
  const elements = { ...(StringToSign && { StringToSign }), ...(CanonicalRequest && { CanonicalRequest }) };
  switch (failure.kind) {
    case 'expired':
      return refuse(
        'ExpiredToken',
        `The provided token has expired. Request signature expired at: ${failure.at.toISOString()}`,
      );
    case 'malformed':
      return refuse('InvalidURI', failure.message);
    case 'invalid-parameter':
      return refuse('MalformedSecurityHeader', failure.message, {
        elements: { ParameterName: failure.parameter },
      });
    case 'header':
      return refuse('MalformedSecurityHeader', failure.message, { elements: { HeaderName: failure.header } });
    case 'not-yet-valid':
    case 'unknown-identity':
    case 'algorithm':
      return refuse('AccessDenied', failure.message);
    case 'wrong-signature':
    case 'method':
    case 'host':
    case 'tampered-parameter':
      return refuse('SignatureDoesNotMatch', failure.message, { elements });
    default:
      return failure satisfies never;
  }
}
