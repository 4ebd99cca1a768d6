import { loadavg } from 'node:os';
import { join } from 'node:path';
import { command } from '../support/need.ts';
import { argumentsOf } from './arguments.ts';
import { addToHistory, compared, figuresIn, type Run, readHistory } from './history.ts';
import { partNames, parts } from './parts.ts';
import { openWorkshop } from './workshop.ts';

/** `npm run bench`: what docs/develop/bench.md explains. Tables, and the same as one line of JSON. */
process.env.PATH = `${process.env.PATH}:/usr/sbin`;
const history = join(import.meta.dirname, '../../docs/bench.json');

const said = argumentsOf(process.argv.slice(2), partNames);
if (said.kind === 'help') {
  console.log(`npm run bench -- [PART ...] [--all] [--record] [--against]

Measures the broker beside others. Without a PART, all of them:
${Object.entries(parts)
  .map(([name, { says }]) => `  ${name.padEnd(12)} ${says}`)
  .join('\n')}

  --all        also what takes long
  --record     adds the figures to docs/bench.json
  --against    compares them with the last ones there

BENCH_MATCHBOX names the program of Matchbox, if it is to be measured beside.`);
  process.exit();
}
if (said.kind === 'mistake') {
  console.error(said.message);
  process.exit(2);
}
const wanted = said.parts.map((name) => [name, parts[name]] as const);
const needs = new Set(wanted.flatMap(([, part]) => part?.needs ?? []));
const missing = [...needs].flatMap((program) => command(program).missing() ?? []);
if (missing.length > 0) {
  console.error(
    `The benchmark needs ${missing.join(' and ')}. On Debian: apt-get install wrk nginx-light libnginx-mod-http-js curl util-linux; Firestore's emulator is a part of Google's SDK: gcloud components install cloud-firestore-emulator`,
  );
  process.exit(2);
}

const workshop = openWorkshop();
const load = [loadavg()[0]];
const tables: Record<string, object> = {};
for (const [name, part] of wanted) {
  console.error(`measuring: ${name}`);
  const measured = await part?.measure(workshop, said.all);
  for (const [title, table] of Object.entries(measured ?? {})) {
    console.log(title);
    console.table(table);
    tables[title] = table;
  }
}
load.push(loadavg()[0]);
const run: Run = { at: new Date().toISOString(), node: process.version, load, figures: figuresIn(tables) };
console.log(JSON.stringify({ ...run, figures: undefined, tables }));
const last = readHistory(history).at(-1);
if (said.against) {
  if (last) {
    console.log(`against the run of ${last.at}`);
    console.table(compared(last, run));
  } else console.log('There is no run in docs/bench.json to compare with.');
}
if (said.record) addToHistory(history, run);
process.exit();
