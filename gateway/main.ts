import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { rendered } from './rendered.ts';
import { readSettings } from './settings.ts';

const [from, to, ...others] = process.argv.slice(2);
if (!from || !to || others.length > 0) {
  console.error(
    'Usage: gateway/render SETTINGS FOLDER\nSETTINGS is YAML or JSON; gateway/README.md has an example.',
  );
  process.exit(2);
}
const read = readSettings(settingsFrom(from));
if ('mistakes' in read) {
  for (const mistake of read.mistakes) console.error(mistake);
  console.error(`Nothing was rendered: correct ${from}.`);
  process.exit(1);
}
for (const [path, text] of rendered(read.settings)) {
  const file = join(to, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, text.startsWith('#!') ? 0o755 : 0o644);
}

function settingsFrom(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`${path} cannot be read: ${(error as Error).message}`);
    process.exit(1);
  }
}
