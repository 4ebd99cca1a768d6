import type { Actor } from '../../../boot/access/actor.ts';
import { deadline, opens, parseTokenText } from '../../../boot/access/token-text.ts';
import { isRefusal, type Refusal } from '../../../boot/problem.ts';
import { sameText, unauthenticated } from '../../plane/bearer.ts';
import type { AdminParts } from '../parts.ts';
import { oidcVerifier } from './oidc.ts';

/** The holder that a credential speaks for. */
export type Identified = Pick<Actor, 'kind' | 'id' | 'role'>;

/** Says whom a bearer token speaks for: the token of the settings, one of ours by its record, or one of an OIDC issuer. */
export function identifier(
  parts: Pick<AdminParts, 'adminToken' | 'records' | 'clock'> & Parameters<typeof oidcVerifier>[0],
): (bearer: string) => Promise<Identified | Refusal> {
  const verify = parts.oidcAudience.length > 0 ? oidcVerifier(parts) : undefined;
  return async (bearer) => {
    if (sameText(bearer, parts.adminToken)) return { kind: 'bootstrap', id: 'admin-token', role: 'admin' };
    const said = parseTokenText(bearer);
    if (said) return apiToken(said, parts);
    if (!verify || bearer.split('.').length !== 3) return unknown();
    const holder = await verify(bearer);
    return isRefusal(holder) ? holder : { kind: 'oidc', ...holder };
  };
}

/** From the store itself: a token that is revoked opens nothing any more, at once. */
async function apiToken(
  { id, secret }: { id: string; secret: string },
  { records, clock }: Pick<AdminParts, 'records' | 'clock'>,
): Promise<Identified | Refusal> {
  const token = await records.token(id);
  if (!token || !opens(secret, token)) return unknown();
  const over = deadline(token, clock());
  if (over) return unauthenticated(`Token ${id} is ${over}. Ask an administrator for another.`);
  return { kind: 'token', id, role: token.role };
}

function unknown(): Refusal {
  return unauthenticated(
    'This token is not known. Send Authorization: Bearer with an API token, or with the token of BROKER_ADMIN_TOKEN or of the file admin-token in the data folder.',
  );
}
