import { isRefusal } from '../../boot/problem.ts';
import { bootRecordSchema } from '../../boot/schema/boot.ts';
import { pageSchema } from './answers.ts';
import { applyRoutes } from './apply/apply.ts';
import { assetRoutes } from './assets/routes.ts';
import { auditRoutes } from './audit/audit.ts';
import { explain } from './explain/explain.ts';
import { explanationSchema } from './explain/explain-schemas.ts';
import { machineRoutes } from './machines/machines.ts';
import { pendingRoutes } from './machines/pending.ts';
import { pointerRoutes } from './machines/pointers.ts';
import { profileRoutes } from './profiles/profiles.ts';
import { bootsQuery, explainQuery, pageOf } from './queries.ts';
import { type Route, route } from './route.ts';
import { ruleRoutes } from './rules/rules.ts';
import { tokenRoutes } from './tokens/tokens.ts';

/** The admin plane, on one screen. */
export const adminRoutes: readonly Route[] = [
  ...pendingRoutes, // before /machines/{id}
  ...machineRoutes,
  ...assetRoutes,
  ...profileRoutes,
  ...ruleRoutes,
  ...pointerRoutes,
  ...applyRoutes,
  route({
    method: 'get',
    path: '/api/v1/boots',
    summary: 'What machines were given and what they reported',
    role: 'viewer',
    query: bootsQuery,
    answers: { 200: { description: 'A page of boots', body: pageSchema(bootRecordSchema) } },
    problems: ['bad-input'],
    handle: async ({ query }, { records }) => ({
      status: 200,
      body: await records.listBoots(query.machine, pageOf(query)),
    }),
  }),
  route({
    method: 'get',
    path: '/api/v1/explain',
    summary: 'What a caller would get, and why',
    role: 'viewer',
    query: explainQuery,
    answers: { 200: { description: 'The decision and its reasons', body: explanationSchema } },
    problems: ['bad-input'],
    async handle({ query }, parts) {
      const explained = await explain(query, parts);
      return isRefusal(explained) ? explained : { status: 200, body: explained };
    },
  }),
  ...tokenRoutes,
  ...auditRoutes,
];
