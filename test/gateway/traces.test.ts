import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { say, until } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { otlpReceiver } from '../support/otlp.ts';
import { type Came, fakeFor, handoff } from './fakes.ts';
import { cloudKey, gatewayFor, tunnelOf } from './gateway.ts';

const test = needing(command('nginx'), command('curl'));
const run = promisify(execFile);
const boot = '0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000';
const bootTrace = boot.replaceAll('-', '');
const firstSpan = bootTrace.slice(16);
const foreign = '4bf92f3577b34da6a3ce929d0e0e4736';

const headerOf = (came: Came | undefined, name: string) =>
  came?.fields.find(([field]) => field.toLowerCase() === name)?.[1];

test('the gateway tells broker and storage its own span, and the receiver what became of it', async (t) => {
  const receiver = await otlpReceiver(t);
  const storage = await fakeFor(
    t,
    (_, answer) => void answer.writeHead(200, { 'Content-Length': 9 }).end('the bytes'),
  );
  const broker = await fakeFor(t, handoff());
  const upstreams = { broker: broker.origin, storage: storage.origin };
  const gateway = await gatewayFor(t, upstreams, { traces: receiver.endpoint, cache: false });
  const told = async (path: string) => {
    await until(async () => {
      await run('sh', [join(gateway.folder, 'etc/bootbroker/lib/spans'), 'once']);
      return receiver.spans.some(({ attributes }) => attributes['url.path'] === path);
    });
    return receiver.spans.filter(({ attributes }) => attributes['url.path'] === path);
  };
  const headers = { traceparent: `00-${foreign}-00f067aa0ba902b7-01` };

  // Firmware names no boot: a trace of its own, which no client chooses.
  const first = await gateway.ask('/boot.efi', { userAgent: 'UefiHttpBoot/1.0', headers });
  t.is(first.text, 'the bytes');
  const [, trace = '', id] =
    /^00-(\w{32})-(\w{16})-01$/.exec(headerOf(broker.came[0], 'traceparent') ?? '') ?? [];
  t.not(trace, foreign);
  t.is(headerOf(storage.came[0], 'traceparent'), `00-${trace}-${id}-01`);
  const [firmware] = await told('/boot.efi');
  t.like(firmware, {
    ...{ service: 'bootbroker-gateway', traceId: trace, spanId: id, parentSpanId: '', kind: 2 },
    name: 'GET script',
  });
  t.like(firmware?.attributes, {
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'http.response.body.size': 9,
    'bootbroker.plan': 'handoff',
    'client.address': '127.10.0.2',
    'user_agent.original': 'UefiHttpBoot/1.0',
  });
  t.true(firmware && firmware.start <= firmware.end && firmware.end - firmware.start < 60_000_000_000n);
  t.true(Math.abs(Number((firmware?.end ?? 0n) / 1_000_000n) - Date.now()) < 600_000);

  // A script's boot is known to the broker alone, whose answer says so.
  broker.answer = (_, answer) =>
    void answer.writeHead(200, { traceresponse: `00-${bootTrace}-${firstSpan}-01` }).end('#!ipxe\n');
  const script = await gateway.ask('/boot.ipxe?mac=52-54-00-aa-bb-01', { headers });
  t.is(script.headers.traceresponse, undefined);
  const [began] = await told('/boot.ipxe');
  t.like(began, { traceId: bootTrace, parentSpanId: '' });

  // A URL that names its boot.
  broker.answer = (_, answer) => void answer.writeHead(302, { Location: 'http://there/' }).end();
  const kernel = '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001/kernel';
  await gateway.ask(`${kernel}?boot=${boot.toUpperCase()}`, { headers });
  const [redirected] = await told(kernel);
  t.like(redirected, { traceId: bootTrace, parentSpanId: firstSpan });
  t.is(headerOf(broker.came.at(-1), 'traceparent'), `00-${bootTrace}-${redirected?.spanId}-01`);

  t.deepEqual(
    gateway.accessLog().map((line) => line.trace),
    [trace, bootTrace, bootTrace],
  );
  t.notRegex(
    JSON.stringify(receiver.spans, (_, one) => (typeof one === 'bigint' ? `${one}` : one)),
    /X-Goog|mac=/,
  );
});

test('whatever a client sends, each line is a span that a receiver can read, once', async (t) => {
  const receiver = await otlpReceiver(t);
  const broker = await fakeFor(t, (_, answer) => void answer.writeHead(404).end());
  const upstreams = { broker: broker.origin, storage: broker.origin };
  const gateway = await gatewayFor(t, upstreams, { traces: receiver.endpoint });
  const agents = ['"\\', '\xff\xfe', 'a\tb', '\u00e4', 'x'.repeat(5_000)];
  for (const agent of agents)
    await say(
      gateway.port,
      `GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`,
    );
  await gateway.ask('/boot.ipxe?boot=nonsense');
  await gateway.ask('/boot.ipxe?boot=00000000-0000-0000-0000-000000000000');
  const spans = join(gateway.folder, 'etc/bootbroker/lib/spans');
  await until(async () => {
    await run('sh', [spans, 'once']);
    return receiver.spans.length >= agents.length + 2;
  });
  await run('sh', [spans, 'once']);
  t.is(receiver.spans.length, agents.length + 2);
  t.is(new Set(receiver.spans.map(({ spanId }) => spanId)).size, agents.length + 2);
});

test('a receiver that is away gets later what it missed', async (t) => {
  let status = 503;
  const receiver = await otlpReceiver(t, { answer: () => status });
  const broker = await fakeFor(t, (_, answer) => void answer.writeHead(404).end());
  const upstreams = { broker: broker.origin, storage: broker.origin };
  const gateway = await gatewayFor(t, upstreams, { traces: receiver.endpoint });
  await gateway.ask('/boot.ipxe');
  await until(() => gateway.accessLog().length === 1);
  const spans = join(gateway.folder, 'etc/bootbroker/lib/spans');
  await t.throwsAsync(run('sh', [spans, 'once']));
  status = 200;
  await run('sh', [spans, 'once']);
  t.is(receiver.spans.length, 1);
});

test("a site's own edge says where it stands, and hears where it belongs", async (t) => {
  const receiver = await otlpReceiver(t);
  const broker = await fakeFor(
    t,
    (_, answer) => void answer.writeHead(200, { traceresponse: `00-${bootTrace}-${firstSpan}-01` }).end(),
  );
  const upstreams = { broker: broker.origin, storage: broker.origin };
  const tunnel = tunnelOf([{ redirects: 'always', edge_kid: 'site' }]);
  const gateway = await gatewayFor(t, upstreams, { traces: receiver.endpoint, tunnel });
  const edge = `v1;kid=site;aud=boot;t=1;addr=10.0.0.1;hw=;can=;mac=${cloudKey.toString('base64url')}`;
  const headers = { 'X-Boot-Edge': edge, traceparent: `00-${foreign}-00f067aa0ba902b7-01` };
  const { headers: answered } = await gateway.ask('/boot.ipxe', { headers });
  t.is(answered.traceresponse, `00-${bootTrace}-${firstSpan}-01`);
  t.regex(headerOf(broker.came[0], 'traceparent') ?? '', new RegExp(`^00-${foreign}-`));
  await until(async () => {
    await run('sh', [join(gateway.folder, 'etc/bootbroker/lib/spans'), 'once']);
    return receiver.spans.length === 1;
  });
  t.like(receiver.spans[0], { traceId: bootTrace, parentSpanId: '00f067aa0ba902b7' });
});
