import test from 'ava';
import { type AuditEvent, chainStart, follows } from '../../../src/boot/access/audit.ts';
import { pendingId } from '../../../src/boot/machine/pending-machine.ts';
import { adminRoutes } from '../../../src/http/admin/routes.ts';
import { announce, announcement, send } from '../../support/broker.ts';
import { until } from '../../support/http.ts';
import { agents, startSite } from '../site.ts';

/** Which part of a target stands for which of the path. */
function matches(path: string, target: string): boolean {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(target);
}

test('whatever a route changes is in the audit log, with who did it and what to: each of them, in one story', async (t) => {
  let ahead = 0;
  const site = await startSite({ clock: () => new Date(Date.now() + ahead) });
  t.teardown(site.close);
  const done = new Set<string>();
  const log = async (): Promise<readonly AuditEvent[]> =>
    (await site.admin('/api/v1/audit?limit=1000')).json.items;

  /** Calls a route; resolves to its answer. Its event must be about that id. */
  async function change(method: string, target: string, body?: object, about?: string) {
    const before = (await log()).length;
    const answer = await site.admin(`/api/v1${target}`, body, { method });
    const what = `${method} ${target}: ${answer.status} ${answer.text}`;
    t.true(answer.status < 300, what);
    const routes = adminRoutes.filter(
      (route) =>
        route.method === method.toLowerCase() && matches(route.path, `/api/v1${target.split('?')[0]}`),
    );
    // /assets/gc is no /assets/{id}
    const own = routes.find(({ path }) => !path.endsWith('}')) ?? routes[0];
    t.truthy(own, what);
    done.add(`${own?.method} ${own?.path}`);
    // What the broker does by itself meanwhile, such as hashing, is its own.
    const events = (await log()).slice(before).filter(({ actor }) => actor.kind !== 'broker');
    const json = answer.text ? answer.json : undefined;
    const ids = [about, json?.id, json?.asset_id].filter(Boolean);
    const event = events.find(({ target: of }) => ids.includes(of?.id));
    t.like(
      event,
      {
        outcome: 'done',
        actor: { kind: 'bootstrap', id: 'admin-token', role: 'admin' },
        from: '127.0.0.1',
      },
      what,
    );
    return json;
  }

  const { id: machine } = await change('POST', '/machines', { serial: 'S-1' });
  await change('PUT', `/machines/${machine}`, { serial: 'S-2' });
  const profile = { name: 'story', kernel: 'debian@12', initrds: ['debian@12'] };
  const first = await change('POST', '/profiles', { ...profile, machine_id: machine });
  await change('POST', '/profiles', { ...profile, machine_id: machine, cmdline: 'quiet' });
  await change('POST', `/machines/${machine}/rollback`, {}, machine);
  t.is((await site.admin(`/api/v1/machines/${machine}`)).json.active, first.id);
  await change('DELETE', `/machines/${machine}/active`, undefined, machine);

  const { id: rule } = await change('POST', '/rules', {
    name: 'all',
    selector: { all: [] },
    profile: 'story',
    priority: 1,
    percent: 50,
  });
  await change('PATCH', `/rules/${rule}`, { priority: 2 });
  await change('POST', '/profiles', { ...profile, cmdline: 'debug' });
  await change('POST', `/rules/${rule}/promote`, {});
  await change('POST', `/rules/${rule}/rollback`, {});
  await change('DELETE', `/rules/${rule}`, undefined, rule);

  const { id: token } = await change('POST', '/tokens', { name: 'x', role: 'viewer' });
  await change('DELETE', `/tokens/${token}`);

  const bytes = Buffer.from('kernel');
  const upload = await change('POST', '/uploads', announcement({ kind: 'kernel', name: 'story', bytes }));
  await send(upload, bytes);
  await change('POST', `/uploads/${upload.id}/complete`, {}, upload.asset_id);
  const left = await announce(site, { kind: 'kernel', name: 'left', bytes });
  await change('DELETE', `/uploads/${left.id}`);
  await change('POST', `/assets/${upload.asset_id}/retire`, {});
  await change('POST', `/assets/${upload.asset_id}/unretire`, {});
  await change('POST', `/assets/${upload.asset_id}/retire`, {});

  for (const mac of ['52:54:00:04:00:01', '52:54:00:04:00:02']) {
    await site.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
    await until(() => site.parts.records.pending(pendingId({ mac })));
  }
  await change('POST', `/machines/pending/${pendingId({ mac: '52:54:00:04:00:01' })}/enroll`, {});
  const dismissed = pendingId({ mac: '52:54:00:04:00:02' });
  await change('DELETE', `/machines/pending/${dismissed}`, undefined, dismissed);
  await change('POST', '/apply', { machines: [{ name: 'by-file', serial: 'S-2' }] }, machine);
  await change('DELETE', `/machines/${machine}`, undefined, machine);

  await site.admin('/api/v1/assets/gc', undefined, { method: 'POST' });
  ahead = 2 * 3_600_000;
  await change('POST', '/assets/gc', undefined, upload.asset_id);

  const missing = adminRoutes
    // A scrub only reads; what becomes of it is the broker's own event.
    .filter(({ method, path }) => method !== 'get' && !path.endsWith('/scrub'))
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !done.has(route));
  t.deepEqual(missing, [], 'routes that this story has to learn');

  const events = await log();
  for (const [n, event] of events.entries())
    t.true(follows(event, events[n - 1] ?? chainStart), event.action);
  t.false(JSON.stringify(events).includes('X-Goog-Signature='));
});
