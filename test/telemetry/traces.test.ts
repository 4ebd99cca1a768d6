import test from 'ava';
import { agents, mac } from '../http/site.ts';
import { askAdmin } from '../support/broker.ts';
import { askAsEdge, edgeKeysSetting, type Said } from '../support/edge.ts';
import { type Asking, ask, until } from '../support/http.ts';
import type { Received } from '../support/otlp.ts';
import { at, bootOf, kernel, token, traced, traceOf } from './traced.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';
const traceparent = `00-${trace}-${span}-01`;

test.serial(
  'script, kernel and report of a boot stand in one trace, whose id is the id of the boot; what firmware asked before is linked',
  async (t) => {
    const { receiver, boot, machine, revision, child } = await traced(t);
    await ask(boot, '/boot.efi', { method: 'HEAD', userAgent: agents.firmware });
    await ask(boot, '/boot.efi', { userAgent: agents.firmware });
    const target = `/boot.ipxe?mac=${mac}`;
    const { text } = await ask(boot, target, { userAgent: agents.ipxe });
    const id = bootOf(text);
    const asset = `/asset/${revision}/kernel`;
    await ask(boot, `${asset}?machine=${machine}&boot=${id}`, { userAgent: agents.firmware });
    await ask(boot, `/report/up?machine=${machine}&boot=${id}`, { method: 'POST', body: 'is up' });
    const script = await receiver.span(at('/boot.ipxe'));
    const streamed = await receiver.span(at(asset));
    const report = await receiver.span(at('/report/up'));
    const served = await receiver.span(
      (one) => one.attributes['bootbroker.plane'] === 'storage' && one.traceId === traceOf(id),
    );

    t.deepEqual(
      new Set([script, streamed, report, served].map(({ traceId }) => traceId)),
      new Set([traceOf(id)]),
    );
    t.is(script.parentSpanId, '');
    t.is(script.spanId, traceOf(id).slice(16));
    for (const later of [streamed, report]) t.is(later.parentSpanId, script.spanId);
    t.is(script.name, 'GET /boot.ipxe');
    t.like(script.attributes, {
      'http.request.method': 'GET',
      'http.route': '/boot.ipxe',
      'http.response.status_code': 200,
      'client.address': '127.0.0.1',
      'user_agent.original': agents.ipxe,
      'bootbroker.plane': 'boot',
      'bootbroker.plan': 'text',
      'bootbroker.machine': machine,
      'bootbroker.revision': revision,
      'bootbroker.boot': traceOf(id),
    });
    t.regex(String(script.attributes['bootbroker.reason']), /./);
    t.deepEqual(
      [script, streamed, report].map(({ kind }) => kind),
      [2, 2, 2],
    );
    t.like(streamed.attributes, { 'bootbroker.plan': 'stream', 'bootbroker.bytes': kernel.length });
    t.true([script, streamed, report].every(({ start, end }) => start <= end));

    // Firmware's two requests came before the script, named nobody, and are linked.
    const firmware = receiver.spans.filter(at('/boot.efi'));
    t.is(firmware.length, 2);
    t.true(firmware.every(({ traceId }) => traceId !== traceOf(id)));
    t.deepEqual(
      script.links,
      firmware.map(({ traceId, spanId }) => ({ traceId, spanId })),
    );

    // What they waited for is below them, within their time.
    const below = (of: Received) => receiver.spans.filter(({ parentSpanId }) => parentSpanId === of.spanId);
    const follow = below(streamed).find(({ name }) => name === 'storage follow');
    t.like(follow, { traceId: traceOf(id), kind: 3 });
    t.is(served.parentSpanId, String(follow?.spanId));
    t.like(served.attributes, { 'http.response.status_code': 200, 'http.response.body.size': kernel.length });
    const written = below(report).find(({ name }) => name === 'records addBootEntry');
    t.true(written && written.start >= report.start && written.end <= report.end);
    t.true(receiver.spans.some(({ name }) => name.startsWith('signer ')));

    // The log names the same span; no trace is named that a client made up.
    await until(() => child.lines().some(({ path }) => path === '/report/up'));
    t.like(
      child.lines().find(({ path }) => path === '/report/up'),
      { trace_id: report.traceId, span_id: report.spanId },
    );
  },
);

test("a report that names no boot stands in the trace of its machine's last one", async (t) => {
  const { receiver, boot } = await traced(t);
  const { text } = await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  await ask(boot, `/report/up?mac=${mac}`, { method: 'POST', body: 'is up' });
  t.is((await receiver.span(at('/report/up'))).traceId, traceOf(bootOf(text)));
});

test.serial(
  'what a client fetches where it was sent is inferred: from that address nobody else was sent there',
  async (t) => {
    const { receiver, boot, machine, revision } = await traced(t);
    const { text } = await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
    const id = bootOf(text);
    const target = `/asset/${revision}/kernel?machine=${machine}&boot=${id}`;
    const { headers } = await ask(boot, target, { userAgent: agents.ipxe });
    t.is((await fetch(String(headers.location))).status, 200);
    const redirect = await receiver.span(at(`/asset/${revision}/kernel`));
    const served = await receiver.span(({ attributes }) => attributes['bootbroker.inferred'] === true);
    t.like(served, { traceId: traceOf(id), parentSpanId: redirect.spanId, name: 'GET object' });
    t.like(served.attributes, { 'http.response.body.size': kernel.length, 'bootbroker.plane': 'storage' });
  },
);

test.serial('a script that is asked for once more is another span of the same boot', async (t) => {
  const { receiver, boot } = await traced(t);
  const target = `/boot.ipxe?mac=${mac}`;
  const [first, again] = [
    await ask(boot, target, { userAgent: agents.ipxe }),
    await ask(boot, target, { userAgent: agents.ipxe }),
  ];
  t.is(bootOf(first.text), bootOf(again.text));
  await until(() => receiver.spans.filter(at('/boot.ipxe')).length === 2);
  const [one, two] = receiver.spans.filter(at('/boot.ipxe'));
  t.is(one?.traceId, two?.traceId);
  t.is(two?.parentSpanId, String(one?.spanId));
});

test.serial(
  'a trace is believed from an edge, and the edge is told in which trace the answer stands',
  async (t) => {
    const { receiver, boot, machine, revision } = await traced(t, { BROKER_EDGE_KEYS: edgeKeysSetting });
    const hw = '52:54:00:aa:bb:77';
    const edge = (target: string, asking: Asking, said: Said = {}) =>
      askAsEdge(boot, target, { hw, ...said }, { ...asking, headers: { traceparent } });
    const probe = await edge('/boot.efi', { userAgent: agents.firmware });
    t.regex(String(probe.headers.traceresponse), new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    const { text, headers } = await edge(
      `/boot.ipxe?mac=${mac}`,
      { userAgent: agents.ipxe },
      { address: '192.168.7.21' },
    );
    const id = bootOf(text);
    t.is(headers.traceresponse, `00-${traceOf(id)}-${traceOf(id).slice(16)}-01`);
    const script = await receiver.span(at('/boot.ipxe'));
    // It follows the answer into the trace of the boot: there it is the parent.
    t.like(script, { traceId: traceOf(id), parentSpanId: span });
    // Another address, but the same interface.
    const firmware = await receiver.span(at('/boot.efi'));
    t.like(firmware, { traceId: trace, parentSpanId: span });
    t.deepEqual(script.links, [{ traceId: trace, spanId: firmware.spanId }]);

    const agreed = `00-${traceOf(id)}-${span}-01`;
    await askAsEdge(
      boot,
      `/asset/${revision}/kernel?machine=${machine}&boot=${id}`,
      {},
      { userAgent: agents.ipxe, headers: { traceparent: agreed } },
    );
    t.like(await receiver.span(at(`/asset/${revision}/kernel`)), {
      traceId: traceOf(id),
      parentSpanId: span,
      links: [],
    });
  },
);

test.serial(
  'a trace is believed from a trusted proxy, by either header; where the boot has another, they are linked',
  async (t) => {
    const { receiver, boot, admin, child } = await traced(t, { BROKER_TRUSTED_PROXIES: '127.0.0.1/32' });
    const cloud = `${trace}/${BigInt(`0x${span}`)};o=1`;
    const headers = { 'X-Forwarded-For': '192.168.7.20', 'X-Cloud-Trace-Context': cloud };
    const { text } = await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe, headers });
    const script = await receiver.span(at('/boot.ipxe'));
    t.like(script, { traceId: traceOf(bootOf(text)), parentSpanId: '' });
    t.deepEqual(script.links, [{ traceId: trace, spanId: span }]);
    await ask(boot, '/nothing', { headers: { 'X-Forwarded-For': '192.168.7.20', traceparent } });
    const nothing = await receiver.span((one) => one.attributes['url.path'] === '/nothing');
    t.like(nothing, { traceId: trace, parentSpanId: span, name: 'GET' });
    await askAdmin(admin, token, '/api/v1/machines', undefined, { headers: { traceparent } });
    const listed = await receiver.span((one) => one.name === 'GET /api/v1/machines' && one.traceId === trace);
    t.like(listed.attributes, { 'bootbroker.plane': 'admin' });
    await until(() => child.lines().some(({ path }) => path === '/nothing'));
    t.like(
      child.lines().find(({ path }) => path === '/nothing'),
      { 'logging.googleapis.com/trace': `projects/my-project/traces/${trace}` },
    );
  },
);

test.serial(
  'nobody else is believed: neither for spans nor for the log, and not by the storage',
  async (t) => {
    const { receiver, boot, admin, child, machine, revision } = await traced(t);
    const headers = { traceparent, 'X-Cloud-Trace-Context': `${trace}/1;o=1` };
    await ask(boot, '/nothing', { headers });
    const asked = `/asset/${revision}/kernel`;
    const { headers: redirected } = await ask(boot, `${asked}?machine=${machine}`, {
      userAgent: agents.ipxe,
    });
    t.is((await fetch(String(redirected.location), { headers })).status, 200);
    const fetched = await receiver.span(({ attributes }) => attributes['bootbroker.inferred'] === true);
    t.not(fetched.traceId, trace);
    await askAdmin(admin, token, '/api/v1/machines', undefined, { headers });
    await receiver.span(at(asked));
    await receiver.span((one) => one.attributes['url.path'] === '/nothing');
    await receiver.span((one) => one.name === 'GET /api/v1/machines');
    t.true(
      receiver.spans.every(
        ({ traceId, links }) => traceId !== trace && links.every((link) => link.traceId !== trace),
      ),
    );
    t.false(child.stdout().includes(trace));
  },
);

test.serial('uploads and jobs have spans of their own', async (t) => {
  const { receiver } = await traced(t);
  const verified = await receiver.span(({ name }) => name === 'verifying an asset');
  t.like(verified, { kind: 1, parentSpanId: '' });
  await until(() =>
    receiver.spans.some(
      ({ name, parentSpanId }) => name === 'storage digest' && parentSpanId === verified.spanId,
    ),
  );
  const upload = await receiver.span(({ name }) => name === 'POST /api/v1/uploads');
  await until(() =>
    receiver.spans.some(
      ({ name, parentSpanId }) => name === 'records write' && parentSpanId === upload.spanId,
    ),
  );
  await receiver.span(({ name }) => name === 'watching roll-outs');
  t.is(upload.resource['service.name'], 'bootbroker');
  t.false(JSON.stringify(receiver.spans.map(({ resource }) => resource)).includes('process.command'));
});
