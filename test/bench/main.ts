import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { argumentsOf, type PartNames } from './arguments.ts';
import { addToHistory, compared, figuresIn, type Run, readHistory } from './history.ts';
import { missing } from './needs.ts';
import { parts } from './parts.ts';
import { judged } from './targets.ts';
import { openWorkshop } from './workshop.ts';

/** `npm run bench`: what docs/develop/bench.md explains. Tables, and the same as one line of JSON. */
process.env.PATH = `${process.env.PATH}:/usr/sbin`;
const history = join(import.meta.dirname, '../../docs/bench.json');
const names: PartNames = {
  usual: Object.keys(parts).filter((name) => !parts[name]?.isLong),
  all: Object.keys(parts),
};

const said = argumentsOf(process.argv.slice(2), names);
if (said.kind === 'help') {
  console.log(`npm run bench -- [PART ...] [--all] [--record] [--against]

Measures the broker beside others. Without a PART, these, in under 12 minutes:
${listed(names.usual)}
and with --all these as well, in under 45:
${listed(names.all.filter((name) => !names.usual.includes(name)))}

  --all        also what takes long: more connections, larger storms
  --record     adds the figures to docs/bench.json
  --against    compares them with the last ones there

BENCH_MATCHBOX names the program of Matchbox, if it is to be measured beside.`);
  process.exit();
}
if (said.kind === 'mistake') {
  console.error(said.message);
  process.exit(2);
}
const wanted = said.parts.flatMap((name) => {
  const part = parts[name];
  return part ? [[name, part] as const] : [];
});
const lacking = missing(new Set(wanted.flatMap(([, { needs }]) => needs)));
if (lacking) {
  console.error(lacking);
  process.exit(2);
}

const workshop = openWorkshop();
const began = performance.now();
const load = [loadavg()[0]];
const tables: Record<string, object> = {};
for (const [name, part] of wanted) {
  console.error(`measuring: ${name}`);
  for (const [title, table] of Object.entries(await part.measure(workshop, said.all))) {
    console.log(title);
    console.table(table);
    tables[title] = table;
  }
}
load.push(loadavg()[0]);
const run: Run = {
  at: new Date().toISOString(),
  commit: commit(),
  node: process.version,
  load,
  figures: figuresIn(tables),
};
const targets = judged(run.figures);
if (Object.keys(targets).length > 0) {
  console.log('what was aimed at (on a machine that has nothing else to do)');
  console.table(targets);
}
console.log(JSON.stringify({ ...run, figures: undefined, tables, targets }));
if (said.against) showAgainst(readHistory(history), run);
if (said.record) addToHistory(history, run);
console.error(`done in ${Math.round((performance.now() - began) / 6000) / 10} minutes`);
process.exit();

function listed(some: readonly string[]): string {
  return some.map((name) => `  ${name.padEnd(12)} ${parts[name]?.says}`).join('\n');
}

/** The short hash, with a plus where something is not committed. */
function commit(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: import.meta.dirname })
      .toString()
      .trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') ? '+' : '');
  } catch {
    return 'unknown';
  }
}

function showAgainst(runs: readonly Run[], now: Run): void {
  const before = runs.findLast(({ figures }) => Object.keys(figures).some((name) => name in now.figures));
  if (!before) {
    console.log('There is no run with these figures in docs/bench.json.');
    return;
  }
  const { at, commit, node, load } = before;
  console.log(`against the run of ${at} at ${commit}, Node ${node}, load ${load.join(' to ')}`);
  console.table(compared(before, now));
}
