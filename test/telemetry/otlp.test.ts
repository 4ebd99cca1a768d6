import test from 'ava';
import { agents, mac } from '../http/site.ts';
import { askAdmin } from '../support/broker.ts';
import { startChild } from '../support/child.ts';
import { askAsEdge, edgeKeysSetting } from '../support/edge.ts';
import { freePort } from '../support/free-port.ts';
import { ask, until } from '../support/http.ts';
import { otlpReceiver, type Receiver } from '../support/otlp.ts';
import { within } from '../support/patience.ts';
import { at, bootOf, token, traced, traceOf } from './traced.ts';

/** Prints on standard error which of OpenTelemetry's modules are loaded, and that somebody makes an AsyncLocalStorage. */
const witness = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`
    import { registerHooks, syncBuiltinESMExports } from 'node:module';
    import hooks from 'node:async_hooks';
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        if (found.url.includes('/@opentelemetry/')) console.error('loaded', specifier);
        return found;
      },
    });
    const real = hooks.AsyncLocalStorage;
    const value = class extends real {
      constructor(...options) {
        super(...options);
        console.error('AsyncLocalStorage');
      }
    };
    Object.defineProperty(hooks, 'AsyncLocalStorage', { value });
    syncBuiltinESMExports();
  `)}`,
};

/** An endpoint that never gets to the time of its timers. */
const hourly = { OTEL_BSP_SCHEDULE_DELAY: '3600000', OTEL_METRIC_EXPORT_INTERVAL: '3600000' };
const spansOnly = { OTEL_METRICS_EXPORTER: 'none' };

test.serial(
  'without an endpoint nothing of OpenTelemetry is loaded, and no request pays for it',
  async (t) => {
    for (const env of [
      {},
      { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_EXPORTER: 'otlp' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' },
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'none',
      },
    ]) {
      const { boot, child } = await traced(t, { OTEL_EXPORTER_OTLP_ENDPOINT: '', ...witness, ...env });
      const { text } = await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
      t.regex(text, /^#!ipxe/);
      t.is((await ask(boot, '/boot.efi', { userAgent: agents.firmware })).status, 200);
      child.kill('SIGTERM');
      t.is(await within('its end', child.ended), 0);
      t.notRegex(child.stderr(), /loaded|AsyncLocalStorage/);
      t.true(child.lines().every(({ trace_id }) => trace_id === undefined));
    }
    const { child } = await traced(t, witness);
    t.regex(child.stderr(), /loaded @opentelemetry\/sdk-node/);
    t.regex(child.stderr(), /AsyncLocalStorage/);
  },
);

test.serial('on Cloud Run, where timers stand still, spans leave with the answers', async (t) => {
  const receiver = await otlpReceiver(t);
  const env = { K_SERVICE: 'boot', BROKER_EDGE_KEYS: edgeKeysSetting, ...hourly };
  const { boot } = await traced(t, env, receiver);
  // A busy machine may be too slow for one of them, and pauses then; no timer brings them here.
  await until(async () => {
    const { text } = await askAsEdge(boot, `/boot.ipxe?mac=${mac}`, {}, { userAgent: agents.ipxe });
    return receiver.spans.find(at('/boot.ipxe'))?.traceId === traceOf(bootOf(text));
  }, 60_000);
  t.truthy(receiver.spans.find(at('/boot.ipxe')));
});

test.serial('what waits leaves at SIGTERM, traces and metrics', async (t) => {
  const receiver = await otlpReceiver(t);
  const { boot, child } = await traced(t, hourly, receiver);
  const { text } = await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  t.is(receiver.spans.find(at('/boot.ipxe')), undefined);
  child.kill('SIGTERM');
  t.is(await within('its end', child.ended), 0);
  t.is(receiver.spans.find(at('/boot.ipxe'))?.traceId, traceOf(bootOf(text)));
  t.true(receiver.metrics.has('bootbroker_requests_total'));
});

for (const [what, answer] of [
  ['is down', undefined],
  ['refuses', () => 503],
  ['hangs', () => 'hang' as const],
] as const)
  test.serial(
    `a receiver that ${what} costs machines nothing: they boot, it is told of once, the queue is bounded`,
    async (t) => {
      const nobody = { endpoint: `http://127.0.0.1:${await freePort()}` } as Receiver;
      const receiver = answer ? await otlpReceiver(t, { answer }) : nobody;
      const env = {
        ...spansOnly,
        ...{ OTEL_EXPORTER_OTLP_TIMEOUT: '500', OTEL_BSP_EXPORT_TIMEOUT: '600' },
        ...{
          OTEL_BSP_SCHEDULE_DELAY: '50',
          OTEL_BSP_MAX_QUEUE_SIZE: '64',
          OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '16',
        },
      };
      const { boot, child } = await traced(t, env, receiver);
      const complaints = () => child.lines().filter(({ message }) => /OTLP receiver/.test(String(message)));
      await until(async () => {
        t.is((await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe })).status, 200);
        return complaints().length > 0;
      });
      const before = answer ? receiver.asked() : 0;
      const begun = performance.now();
      for (let n = 0; n < 300; n++) await ask(boot, '/boot.ipxe', { userAgent: agents.ipxe });
      const seconds = (performance.now() - begun) / 1000;
      // Tries come one after the other, each of at least a twentieth of a second: no more of them for more requests.
      if (answer) t.true(receiver.asked() - before <= 10 + 20 * seconds);
      t.is(complaints().length, 1);
      child.kill('SIGTERM');
      t.is(await within('its end', child.ended), 0);
    },
  );

test.serial('metrics are pushed as /metrics has them: the same names, labels and numbers', async (t) => {
  const receiver = await otlpReceiver(t);
  const env = {
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    OTEL_TRACES_EXPORTER: 'none',
    BROKER_METRICS_TOKEN: 'metrics-token-of-this',
  };
  const { boot, child, admin } = await traced(t, env, receiver);
  await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  const labels = { plane: 'boot', route: '/boot.ipxe', method: 'GET', status_class: '2xx', plan: 'text' };
  const { metrics } = receiver;
  const requests = () => metrics.get('bootbroker_requests_total');
  const point = () => requests()?.points.find(({ attributes }) => attributes.route === labels.route);
  await until(() => point()?.value === 1);
  t.like(requests(), { kind: 'sum', unit: '' });
  t.deepEqual(point()?.attributes, labels);

  const headers = { Authorization: 'Bearer metrics-token-of-this' };
  const { text } = await ask(boot, '/metrics', { headers });
  const names = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map(([, name, type]) => [
    name,
    type,
  ]);
  const kinds = { counter: 'sum', gauge: 'gauge', histogram: 'histogram' } as const;
  const withValues = names.filter(([name]) => new RegExp(`^${name}(_count)?[ {]`, 'm').test(text));
  t.true(withValues.length > 40);
  for (const [name = '', type] of withValues)
    t.is(metrics.get(name)?.kind, kinds[type as keyof typeof kinds], name);

  const seconds = metrics.get('bootbroker_request_duration_seconds');
  t.is(seconds?.unit, 's');
  const one = seconds?.points.find(({ attributes }) => attributes.route === labels.route);
  t.is(one?.counts?.length, Number(one?.bounds?.length) + 1);
  t.is(
    one?.counts?.reduce((sum, count) => sum + count, 0),
    one?.count,
  );
  t.is(one?.count, 1);
  t.true(Number(one?.sum) > 0);

  // Only what is asked for: no spans.
  t.deepEqual(receiver.spans, []);
  t.is((await askAdmin(admin, token, '/api/v1/machines')).status, 200);
  child.kill('SIGTERM');
  t.is(await within('its end', child.ended), 0);
});

test.serial('OTLP goes by JSON where the standard setting says so', async (t) => {
  const receiver = await otlpReceiver(t);
  const env = { OTEL_METRIC_EXPORT_INTERVAL: '200', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  const { boot } = await traced(t, env, receiver);
  const { text } = await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  t.is((await receiver.span(at('/boot.ipxe'))).traceId, traceOf(bootOf(text)));
  await until(() => receiver.metrics.has('bootbroker_requests_total'));
});

test.serial('a sampler keeps or leaves out whole boots', async (t) => {
  const receiver = await otlpReceiver(t);
  const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' };
  const { boot, machine, child, revision } = await traced(t, { ...spansOnly, ...sampler }, receiver);
  const boots: string[] = [];
  for (let n = 0; n < 24; n++) {
    const { text } = await ask(boot, `/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
    const id = bootOf(text);
    boots.push(traceOf(id));
    await ask(boot, `/asset/${revision}/kernel?machine=${machine}&boot=${id}`, { userAgent: agents.ipxe });
    await ask(boot, `/report/up?machine=${machine}&boot=${id}`, { method: 'POST', body: 'up' });
  }
  child.kill('SIGTERM');
  t.is(await within('its end', child.ended), 0);
  const paths = boots.map((trace) =>
    receiver.spans.flatMap(({ traceId, kind, attributes }) =>
      traceId === trace && kind === 2 ? String(attributes['url.path']) : [],
    ),
  );
  const whole = ['/boot.ipxe', `/asset/${revision}/kernel`, '/report/up'];
  t.true(paths.every((one) => one.length === 0 || whole.every((path) => one.includes(path))));
  t.true(paths.some((one) => one.length === 0) && paths.some((one) => one.length > 0));
});

test.serial('it starts with an endpoint alone, whatever else is wrong with it', async (t) => {
  const child = await startChild(t, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'no url' } });
  const { boot } = await child.ready;
  t.is((await ask(boot, '/healthz')).status, 200);
});
