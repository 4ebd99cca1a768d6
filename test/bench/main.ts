import { loadavg } from 'node:os';
import { command } from '../support/need.ts';
import { measureColdStart } from './cold-start.ts';
import { measureFirstByte } from './first-byte.ts';
import { measureGateway } from './gateway.ts';
import { openLanes } from './lanes.ts';
import { measureMemory } from './memory.ts';
import { measureRedirects } from './redirects.ts';
import { openScene } from './scene.ts';
import { measureThroughput } from './throughput.ts';
import { openWorkshop } from './workshop.ts';

/** `npm run bench`: what docs/develop/bench.md explains. Tables, and the same as one line of JSON. */
process.env.PATH = `${process.env.PATH}:/usr/sbin`;
const missing = ['nginx', 'curl', 'java', 'gcloud'].flatMap((program) => command(program).missing() ?? []);
if (missing.length > 0) {
  console.error(
    `The benchmark needs ${missing.join(' and ')}. On Debian: apt-get install nginx-light libnginx-mod-http-js curl; Firestore's emulator is a part of Google's SDK: gcloud components install cloud-firestore-emulator`,
  );
  process.exit(2);
}

const workshop = openWorkshop();
const scene = await openScene(workshop);
const load = [loadavg()[0]];
const { mb_per_s, broker_to } = await measureThroughput(scene, 15);
const { gateway_mb_per_s, gateway_to } = await measureGateway(workshop, scene, 15);
const memory_mb = await measureMemory(scene);
const first_byte_ms = await measureFirstByte(scene, 500);
const lanes = await openLanes(workshop);
const redirect_in_server_ms = await measureRedirects(workshop, lanes, 1000);
const coldStart = await measureColdStart(workshop, lanes, 25);
load.push(loadavg()[0]);

const tables = { mb_per_s, gateway_mb_per_s, memory_mb, first_byte_ms, redirect_in_server_ms, ...coldStart };
for (const [title, table] of Object.entries(tables)) {
  console.log(title);
  console.table(table);
}
console.log('throughput of the broker as a share of', broker_to);
console.log('throughput of the gateway (handoff; cached) as a share of nginx', gateway_to);
console.log(
  JSON.stringify({
    at: new Date().toISOString(),
    node: process.version,
    load,
    broker_to,
    gateway_to,
    ...tables,
  }),
);
process.exit();
