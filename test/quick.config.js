import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

// `npm run test:quick`: the tests that neither start a program nor run a whole broker, by what they import, directly or not.
const slow = ['node:child_process', 'test/support/broker.ts'];
const root = join(import.meta.dirname, '..');

/** What a file of test/ imports: names of modules, and paths from the root. */
function importsOf(file) {
  const names = readFileSync(join(root, file), 'utf8').matchAll(/^(?:import|export|\}) .*?from '(.+)';$/gm);
  return [...names].map(([, name]) =>
    name.startsWith('.') ? relative(root, join(root, dirname(file), name)) : name,
  );
}

const known = new Map();

function isQuick(file) {
  if (slow.includes(file)) return false;
  if (!file.startsWith('test/')) return true;
  if (!known.has(file)) {
    known.set(file, true); // while it is looked at, for circles
    known.set(file, importsOf(file).every(isQuick));
  }
  return known.get(file);
}

const { ava } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

export default { ...ava, files: globSync(ava.files, { cwd: root }).filter(isQuick) };
