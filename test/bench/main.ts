import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { measureColdStart } from './cold-start.ts';
import { measureFirstByte } from './first-byte.ts';
import { measureMemory } from './memory.ts';
import { openScene } from './scene.ts';
import { measureThroughput } from './throughput.ts';
import { openWorkshop } from './workshop.ts';

/** `npm run bench`: what docs/bench.md explains. Tables, and the same as one line of JSON. */
process.env.PATH = `${process.env.PATH}:/usr/sbin`;
const missing = ['nginx', 'curl'].filter((program) => spawnSync(program, ['-V']).error);
if (missing.length > 0) {
  console.error(`The benchmark needs ${missing.join(' and ')}. On Debian: apt-get install nginx-light curl`);
  process.exit(2);
}

const workshop = openWorkshop();
const scene = await openScene(workshop);
const load = [loadavg()[0]];
const { mb_per_s, broker_to } = await measureThroughput(scene, 15);
const memory_mb = await measureMemory(scene);
const first_byte_ms = await measureFirstByte(scene, 500);
const coldStart = await measureColdStart(workshop, 25);
load.push(loadavg()[0]);

const tables = { mb_per_s, memory_mb, first_byte_ms, ...coldStart };
for (const [title, table] of Object.entries(tables)) {
  console.log(title);
  console.table(table);
}
console.log('throughput of the broker as a share of', broker_to);
console.log(
  JSON.stringify({
    at: new Date().toISOString(),
    node: process.version,
    load,
    broker_to,
    ...tables,
  }),
);
process.exit();
