import { get } from 'node:http';

/**
 * Starts the boot plane as src/main.ts does, but one step after the other, and says what each took, in ms, as JSON.
 * In the program the storage starts while the planes load.
 */
const stages: [what: string, ms: number][] = [['node, with node:http', performance.now()]];
let since = performance.now();
const done = (what: string) => {
  const now = performance.now();
  stages.push([what, now - since]);
  since = now;
};

const { readConfig } = await import('../../../src/config/config.ts');
const read = readConfig();
if ('mistakes' in read) throw new Error(read.mistakes.join('; '));
const { config } = read;
done('settings');
await import('pino');
done('pino');
await import('../../../src/telemetry/metrics.ts');
done('metrics');
const { openParts } = await import('../../../src/parts.ts');
done('drivers');
const clock = () => new Date();
const parts = await openParts(config, clock);
done('opening them, with the embedded storage its thread');
await import('koa');
await import('@koa/router');
done('koa and its router');
const { loadBootPlane, openPlanes } = await import('../../../src/planes.ts');
const openBootPlane = await loadBootPlane(config);
done('planes');
const ports: number[] = [];
const log = { ...parts.log, info: (line: { port?: number }) => void (line.port && ports.push(line.port)) };
const logged = { ...parts, log: log as unknown as typeof parts.log };
const planes = await openPlanes(config, logged, clock, openBootPlane);
done('listening');
const asking = { host: '127.0.0.1', port: ports[0], path: process.argv[2], agent: false };
const status = await new Promise((resolve, reject) =>
  get({ ...asking, headers: { 'User-Agent': 'curl/8.0' } }, (response) =>
    resolve(response.resume().statusCode),
  ).on('error', reject),
);
if (status !== 302) throw new Error(`the first answer is ${status}`);
done('first answer');
console.log(JSON.stringify(stages));
await planes.close(0);
await parts.close();
