import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { openMetrics } from '../../src/telemetry/metrics.ts';
import { temporaryFolder } from '../support/child.ts';
import { command, needing } from '../support/needs.ts';

const root = join(import.meta.dirname, '../..');
const prometheus = join(root, 'deploy/prometheus');
const grafana = join(root, 'deploy/grafana');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
}

const read = (...path: string[]) => readFileSync(join(...path), 'utf8');
const rules: readonly Rule[] = parse(read(prometheus, 'bootbroker.rules.yml')).groups.flatMap(
  (group: { rules: readonly Rule[] }) => group.rules,
);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const dashboards = readdirSync(grafana).map((name) => JSON.parse(read(grafana, name)));

/** What a dashboard asks Prometheus. */
function questionsOf(dashboard: (typeof dashboards)[number]): string[] {
  const panels = dashboard.panels as readonly Panel[];
  const annotations = dashboard.annotations.list as readonly { expr: string }[];
  return [...panels.flatMap(({ targets = [] }) => targets), ...annotations].map(({ expr }) => expr);
}

const questions = [...rules.map(({ expr }) => expr), ...dashboards.flatMap(questionsOf)];

/** Every series that the broker has: its name, and the labels it may have. */
async function series(): Promise<ReadonlyMap<string, readonly string[]>> {
  const metrics = openMetrics();
  await metrics.text();
  const known = metrics.registry.getMetricsAsArray() as unknown as {
    readonly name: string;
    readonly type: string;
    readonly labelNames: readonly string[];
  }[];
  return new Map(
    known.flatMap(({ name, type, labelNames }) =>
      type === 'histogram'
        ? [
            [`${name}_bucket`, [...labelNames, 'le']] as const,
            ...['_sum', '_count'].map((suffix) => [name + suffix, labelNames] as const),
          ]
        : [[name, labelNames] as const],
    ),
  );
}

/** Prometheus gives each sample these. */
const given = ['instance', 'job'];

test('every metric that a dashboard or an alert names is there, with the labels that it is asked by', async (t) => {
  const known = await series();
  const named = new Set<string>();
  for (const expr of questions) {
    const names = expr.match(/\b(?:bootbroker|nodejs|process)_\w+/g) ?? [];
    t.true(names.length > 0 || expr.startsWith('up{'), expr);
    for (const name of names) {
      t.true(known.has(name), `${name} in ${expr}`);
      named.add(name.replace(/_(bucket|count|sum)$/, ''));
    }
    for (const [, name = '', selectors = ''] of expr.matchAll(/(\w+)\{([^}]*)\}/g))
      for (const [, label = ''] of selectors.matchAll(/(\w+)\s*[=!]~?=?\s*"/g))
        t.true([...given, ...(known.get(name) ?? [])].includes(label), `${label} of ${name} in ${expr}`);
    const labels = new Set(names.flatMap((name) => known.get(name) ?? []));
    for (const [, by = ''] of expr.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of by.split(/\s*,\s*/))
        t.true(given.includes(label) || labels.has(label), `${label} in ${expr}`);
  }
  const own = [...known.keys()].map((name) => name.replace(/_(bucket|count|sum)$/, ''));
  for (const name of own.filter((one) => one.startsWith('bootbroker_')))
    t.true(named.has(name), `${name} is shown nowhere`);
});

test('the document says of every alert what it means, and of no other', (t) => {
  const rows = read(root, 'docs/operate/monitoring.md').matchAll(/^\| `(Bootbroker\w+)` \| (\w+) \|/gm);
  t.deepEqual(
    [...rows].map(([, name, severity]) => [name, severity]),
    rules.map(({ alert, labels }) => [alert, labels.severity]),
  );
});

test('every alert is tried once where it speaks, and once where it keeps quiet', (t) => {
  const { tests } = parse(read(prometheus, 'bootbroker.rules.test.yml'));
  const tried = tests.flatMap(
    ({ alert_rule_test }: { alert_rule_test: { alertname: string; exp_alerts: [] }[] }) =>
      alert_rule_test.map(({ alertname, exp_alerts }) => `${alertname} ${exp_alerts.length}`),
  );
  t.deepEqual(
    tried,
    rules.flatMap(({ alert }) => [`${alert} 1`, `${alert} 0`]),
  );
});

test('a dashboard asks the Prometheus that is chosen when it is imported, and each panel is there once', (t) => {
  for (const { panels, uid, title } of dashboards as { panels: Panel[]; uid: string; title: string }[]) {
    t.true(uid.length > 0 && title.length > 0);
    t.is(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const { type, title: name, targets = [] } of panels) {
      t.is(targets.length > 0, type !== 'row', name);
      for (const { datasource } of targets) t.is(datasource.uid, '${datasource}');
    }
  }
});

const withPromtool = needing(command('promtool'));
const promtool = (...args: string[]) =>
  spawnSync('promtool', args, { cwd: prometheus, encoding: 'utf8', timeout: 60_000 });

withPromtool('promtool takes the rules, and finds that they do what they should', (t) => {
  const checked = promtool('check', 'rules', 'bootbroker.rules.yml');
  t.is(checked.status, 0, checked.stdout + checked.stderr);
  const tested = promtool('test', 'rules', 'bootbroker.rules.test.yml');
  t.is(tested.status, 0, tested.stdout + tested.stderr);
});

withPromtool('promtool takes every question of a dashboard', async (t) => {
  const asked = dashboards.flatMap(questionsOf).map((expr) => expr.replaceAll('$__rate_interval', '5m'));
  const recorded = asked.map((expr, n) => ({ record: `question_${n}`, expr }));
  const file = join(await temporaryFolder(t), 'questions.yml');
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'questions', rules: recorded }] }));
  const checked = promtool('check', 'rules', file);
  t.is(checked.status, 0, checked.stdout + checked.stderr);
});
