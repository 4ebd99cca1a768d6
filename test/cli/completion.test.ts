import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { needing, command as tool } from '../support/needs.ts';
import { command } from './command.ts';

const test = needing(tool('bash'));
const run = command({});

/** What bash offers for this line, the cursor at its end. */
async function offered(line: string): Promise<string[]> {
  const { stdout: script } = await run('completion', 'bash');
  const words = line.split(' ');
  const ask = `
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_bootbroker; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', `${script}\n${ask}`]);
  return stdout.split('\n').filter(Boolean);
}

test('bash completes commands, commands below them, flags, and values of flags that have few', async (t) => {
  t.true((await offered('bootbroker ')).includes('asset'));
  t.deepEqual(await offered('bootbroker ass'), ['asset']);
  t.true((await offered('bootbroker asset ')).includes('push'));
  t.deepEqual(await offered('bootbroker asset push --ki'), ['--kind']);
  t.deepEqual(await offered('bootbroker asset push vmlinuz --kind ke'), ['kernel']);
  t.deepEqual(await offered('bootbroker machine add --mac 52:54:00:00:00:01 --na'), ['--name']);
  t.deepEqual(await offered('bootbroker apply --dry'), ['--dry-run']);
  t.deepEqual(await offered('bootbroker apply -f si'), [], 'a file: the shell offers those itself');
});

test('each shell has a script that names every command, and another shell is a mistake', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await run('completion', shell);
    t.is(code, 0);
    for (const word of ['matchbox', 'export', 'push']) t.true(stdout.includes(word), shell);
    const { script } = JSON.parse((await run('completion', shell, '--json')).stdout);
    t.is(script, stdout);
  }
  const { code, stderr } = await run('completion', 'tcsh');
  t.is(code, 2);
  t.regex(stderr, /tcsh is none of bash, zsh, fish/);
});
