import type { SignedRequest } from './canonical-request.ts';
import { METHODS, SIGNING_PARAMETERS } from './v4.ts';
import type { Failure } from './verification-failure.ts';

/** So that a refusal stays cheap. */
const PARAMETERS_TRIED = 16;

/**
 * Why a signature does not hold: names the one difference that would make it hold, if that can be told. The caller
 * learns nothing that it could not learn by sending those requests, and never a signature.
 *
 * `holds` tries a request under the hosts it is given, else under those it was sent to.
 */
export function diagnose(
  signed: SignedRequest,
  otherHosts: readonly string[],
  holds: (request: SignedRequest, hosts?: readonly string[]) => boolean,
): Failure {
  const method = METHODS.find((method) => method !== signed.method && holds({ ...signed, method }));
  if (method)
    return {
      kind: 'method',
      signedFor: method,
      message: `The URL is signed for ${method}, not for ${signed.method}`,
    };

  const host = otherHosts.find((host) => holds(signed, [host]));
  if (host)
    return {
      kind: 'host',
      signedFor: host,
      message: `The URL is signed for the host ${host}, not for ${signed.headers.get('host')}`,
    };

  const added = [...signed.query.keys()]
    .filter((name) => !(SIGNING_PARAMETERS as readonly string[]).includes(name))
    .slice(0, PARAMETERS_TRIED)
    .find((name) => holds({ ...signed, query: without(signed.query, name) }));
  if (added !== undefined)
    return {
      kind: 'tampered-parameter',
      parameter: added,
      message: `The parameter ${added} was added after signing`,
    };

  return {
    kind: 'wrong-signature',
    message:
      'The signature does not fit the request; send it exactly as it was signed, or have it signed again',
  };
}

function without(query: ReadonlyMap<string, string>, name: string): Map<string, string> {
  const rest = new Map(query);
  rest.delete(name);
  return rest;
}
