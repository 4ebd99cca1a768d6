import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('The settings table of the README is what bootbroker config prints', (t) => {
  const cli = new URL('../src/cli.ts', import.meta.url).pathname;
  const printed = execFileSync(process.execPath, [cli, 'config', '--markdown'], { encoding: 'utf8' });
  const [, table] = /<!-- settings: [^>]*-->\n(.*)<!-- \/settings -->/s.exec(readme) ?? [];
  t.is(table?.trim(), printed.trim());
});

test('Every file that the README links to exists', (t) => {
  const links = [...readme.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => target ?? '');
  t.true(links.length > 0);
  for (const link of links) t.true(existsSync(new URL(`../${link}`, import.meta.url)), link);
});

test('The README has the two lines that set everything up', (t) => {
  t.regex(readme, /^ {4}npm ci && npm start\b/m);
  t.regex(readme, /^ {4}npm ci && npm test\b/m);
});
