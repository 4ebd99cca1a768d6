import { readFileSync } from 'node:fs';
import { glob, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../src/main.ts';

/**
 * While the image is built: loads every module that the broker may ever need, starts it and stops it, so that the compile
 * cache of the image (NODE_COMPILE_CACHE) has all of it.
 */
const root = join(import.meta.dirname, '..');

/** They run when they are loaded. */
const entries = ['src/main.ts', 'src/cli.ts', 'src/**/worker.ts'];
for await (const file of glob('src/**/*.ts', { cwd: root, exclude: [...entries, '**/*.d.ts'] }))
  await import(join(root, file));

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
for (const name of Object.keys(dependencies)) await import(name);

const folder = await mkdtemp(join(tmpdir(), 'bootbroker-warm-up-'));
const ended = serve({
  BROKER_DATA_DIR: folder,
  BROKER_LISTEN: '127.0.0.1:0',
  BROKER_ADMIN_LISTEN: '127.0.0.1:0',
  BROKER_STORAGE_LISTEN: '127.0.0.1:0',
});
process.kill(process.pid, 'SIGTERM');
process.exitCode = await ended;
await rm(folder, { recursive: true });
