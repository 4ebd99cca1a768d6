import { randomBytes, randomUUIDv7 } from 'node:crypto';
import type { Auditor } from '../../../boot/access/audit.ts';
import type { ApiToken } from '../../../boot/access/token.ts';
import { hashOf, tokenText } from '../../../boot/access/token-text.ts';
import { type Refusal, refuse } from '../../../boot/problem.ts';
import { createdTokenSchema, newToken, tokenSchema } from '../../../boot/schema/token.ts';
import { location, pageSchema } from '../answers.ts';
import { page, pageOf } from '../queries.ts';
import { type Reply, type Route, route } from '../route.ts';
import { commit, type Intent } from '../write/commit.ts';

const secretBytes = 32;

/** API tokens: made, listed, revoked. */
export const tokenRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/tokens',
    summary: 'Make an API token. Its text is in this answer and nowhere else, ever',
    role: 'admin',
    body: newToken,
    answers: {
      201: {
        description: 'The token, with its text as `token`',
        body: createdTokenSchema,
        headers: location,
      },
    },
    problems: ['bad-input'],
    async handle({ body, audit }, parts) {
      const now = parts.clock();
      const expires = body.expires_at && new Date(body.expires_at);
      if (expires && expires <= now)
        return refuse('bad-input', 'body.expires_at: is over already. Give a time to come, or none.');
      const secret = randomBytes(secretBytes).toString('hex');
      const token: ApiToken = {
        id: randomUUIDv7(),
        version: 1,
        name: body.name,
        role: body.role,
        hash: hashOf(secret),
        created_at: now.toISOString(),
        ...(expires && { expires_at: expires.toISOString() }),
      };
      const reply: Reply = {
        status: 201,
        headers: { Location: `/api/v1/tokens/${token.id}` },
        body: { ...shown(token), token: tokenText(token.id, secret) },
      };
      return commit(async () => intended(audit, 'token.create', undefined, token, reply), parts);
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/tokens',
    summary: 'List API tokens, the revoked and expired ones as well',
    role: 'admin',
    query: page,
    answers: { 200: { description: 'A page of tokens', body: pageSchema(tokenSchema) } },
    problems: ['bad-input'],
    async handle({ query }, { records }) {
      const { items, ...rest } = await records.listTokens(pageOf(query));
      return { status: 200, body: { items: items.map(shown), ...rest } };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/tokens/{id}',
    summary: 'One API token',
    role: 'admin',
    answers: { 200: { description: 'The token', body: tokenSchema } },
    problems: ['unknown-token'],
    async handle({ params: { id = '' } }, { records }) {
      const token = await records.token(id);
      return token ? { status: 200, body: shown(token) } : noToken(id);
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/tokens/{id}',
    summary: 'Revoke an API token: from now on it opens nothing. Its record stays',
    role: 'admin',
    answers: { 200: { description: 'The token, revoked', body: tokenSchema } },
    problems: ['unknown-token'],
    handle: ({ params: { id = '' }, audit }, parts) =>
      commit(async () => {
        const before = await parts.records.token(id);
        if (!before) return noToken(id);
        if (before.revoked_at) return { changes: [], audit: [], reply: { status: 200, body: shown(before) } };
        const revoked_at = parts.clock().toISOString();
        const after = { ...before, version: before.version + 1, revoked_at };
        return intended(audit, 'token.revoke', before, after, { status: 200, body: shown(after) });
      }, parts),
  }),
];

function intended(
  audit: Auditor,
  action: string,
  before: ApiToken | undefined,
  after: ApiToken,
  reply: Reply,
): Intent {
  const { id } = after;
  return {
    changes: [{ kind: 'token', id, expected: before?.version ?? 0, to: after }],
    audit: [audit(action, { kind: 'token', id }, before && shown(before), shown(after))],
    reply,
  };
}

function shown({ hash: _, ...rest }: ApiToken): Omit<ApiToken, 'hash'> {
  return rest;
}

function noToken(id: string): Refusal {
  return refuse('unknown-token', `There is no token ${id}. List them: bootbroker token list`);
}
