import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const pages = globSync('docs/**/*.md', { cwd: root });
const texts = ['README.md', 'CHANGELOG.md', 'gateway/README.md', 'terraform/README.md', ...pages];

test('The settings table is what bootbroker config prints', (t) => {
  const printed = execFileSync(process.execPath, [join(root, 'src/cli.ts'), 'config', '--markdown'], {
    encoding: 'utf8',
  });
  const [, table] =
    /<!-- settings: [^>]*-->\n(.*)<!-- \/settings -->/s.exec(read('docs/reference/settings.md')) ?? [];
  t.is(table?.trim(), printed.trim());
});

for (const name of texts)
  test(`Every link of ${name} leads to a file, and to a heading in it`, (t) => {
    const dead = linksOf(read(name)).filter(({ target, anchor }) => {
      const path = target === '' ? name : join(dirname(name), target);
      return !existsSync(join(root, path)) || (anchor && !anchorsOf(read(path)).includes(anchor));
    });
    t.deepEqual(dead, []);
  });

test('Every file of the source that a page names exists', (t) => {
  const named = texts.flatMap((name) => [
    ...read(name).matchAll(/(?<![\w/])(?:src|test)\/[\w./-]+\.(?:ts|json|js)\b/g),
  ]);
  t.true(named.length > 0);
  t.deepEqual(
    named.map(([path]) => path).filter((path) => !existsSync(join(root, path))),
    [],
  );
});

test('docs/index.md lists every page', (t) => {
  const index = linksOf(read('docs/index.md')).map(({ target }) => join('docs', target));
  const isListed = (page: string) => index.includes(page) || dirname(page) === 'docs/decisions';
  t.deepEqual(
    pages.filter((page) => page !== 'docs/index.md' && !isListed(page)),
    [],
  );
  t.true(index.includes('docs/decisions/index.md'));
});

test('The index of decisions has each with its number, title, date and status', (t) => {
  const rows = [
    ...read('docs/decisions/index.md').matchAll(/^\| \[(\d{4})\]\((.*?)\) \| (.*?) \| (.*?) \| (.*?) \|$/gm),
  ].map(([, number, file = '', title, date, status]) => ({ number, file, title, date, status }));
  const files = globSync('docs/decisions/[0-9]*.md', { cwd: root }).map((path) =>
    relative('docs/decisions', path),
  );
  t.deepEqual(
    rows.map(({ file }) => file),
    files.sort(),
  );
  for (const { number, file, title, date, status } of rows) {
    t.is(number, file.slice(0, 4));
    t.is(title, /^# (.*)$/m.exec(read(`docs/decisions/${file}`))?.[1], file);
    t.regex(date ?? '', /^20\d\d-\d\d-\d\d$/, file);
    t.regex(status ?? '', /^in force$|^superseded by \[\d{4}\]\(.*\)$/, file);
  }
});

test('The README has the two lines that set everything up', (t) => {
  const readme = read('README.md');
  t.regex(readme, /^ {4}npm ci && npm start\b/m);
  t.regex(readme, /^ {4}npm ci && npm test\b/m);
});

test('No page has npx fetch a package of our name, which is not ours in any registry', (t) => {
  for (const name of texts) t.notRegex(read(name), /npx bootbroker/, name);
});

function linksOf(text: string): { readonly target: string; readonly anchor: string | undefined }[] {
  return [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)].map(([, target = '', anchor]) => ({
    target,
    anchor,
  }));
}

/** The names that GitHub gives to the headings of a page. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
