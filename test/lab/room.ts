import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { within } from '../support/patience.ts';

const execute = promisify(execFile);

/** The address that the broker has in every room. */
export const brokerAddress = '10.77.0.1';

export interface Surroundings {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/**
 * A machine room: a network namespace with a switch, for the broker and its machines. All rooms have the same
 * addresses and ports, and none reaches another or the host.
 */
export interface Room {
  /** For the files of who works in the room. */
  readonly folder: string;
  /** The id of a process that holds the namespace, so that a cable can be laid into it. */
  readonly pid: number;
  /** Starts a program in the room, which ends with the room, or with this process however that ends. */
  start(
    program: string,
    args: readonly string[],
    surroundings?: Surroundings,
  ): ChildProcessByStdio<null, Readable, Readable>;
  /** Runs a program in the room and resolves to its standard output; rejects with its standard error when it fails. */
  run(program: string, args: readonly string[], surroundings?: Surroundings): Promise<string>;
  /** Ends everything that was started in the room, and removes its files. So does the end of this process. */
  close(): Promise<void>;
}

/**
 * Opens a room whose switch is `br0`, at {@link brokerAddress}/24. Needs root. With `ownFiles` what is mounted in the room
 * is mounted there alone: an empty /run is, because WireGuard has its sockets there by the name of the interface.
 */
export async function openRoom({ ownFiles = false } = {}): Promise<Room> {
  const folder = mkdtempSync(join(tmpdir(), 'bootbroker-room-'));
  const own = ownFiles ? ['--mount', '--propagation=private'] : [];
  const keeper = spawn('unshare', ['--net', ...own, 'sh', '-c', keep, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C is not for the keeper.
    detached: true,
  });
  const gone = once(keeper, 'exit');
  const refused = gone.then(([code]) =>
    Promise.reject(new Error(`no network namespace: unshare ended with ${code}`)),
  );
  await within('a network namespace', Promise.race([once(keeper.stdout, 'data'), refused]));
  const inside = (program: string, args: readonly string[], { cwd = folder }: Surroundings = {}) => [
    `--net=/proc/${keeper.pid}/ns/net`,
    ...(ownFiles ? [`--mount=/proc/${keeper.pid}/ns/mnt`, `--wd=${cwd}`] : []),
    ...['setpriv', '--pdeathsig=KILL', program, ...args],
  ];
  const running = new Set<ChildProcess>();
  const track = (child: ChildProcess) => {
    running.add(child);
    child.once('exit', () => running.delete(child));
  };
  const room: Room = {
    folder,
    pid: keeper.pid ?? 0,
    start(program, args, surroundings) {
      const child = spawn('nsenter', inside(program, args, surroundings), {
        ...surroundings,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      track(child);
      return child;
    },
    async run(program, args, surroundings) {
      const result = execute('nsenter', inside(program, args, surroundings), {
        ...surroundings,
        encoding: 'utf8',
      });
      track(result.child);
      return (await result).stdout;
    },
    async close() {
      const ended = [...running].map((child) => once(child, 'exit'));
      for (const child of running) child.kill('SIGKILL');
      keeper.stdin.end();
      await Promise.all([...ended, gone]);
    },
  };
  const ip = (line: string) => room.run('ip', line.split(' '));
  if (ownFiles) await room.run('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  await ip('link set lo up');
  await ip('link add br0 type bridge');
  await ip(`address add ${brokerAddress}/24 dev br0`);
  await ip('link set br0 up');
  return room;
}

/**
 * Holds the namespace, which has no name and is gone with its last process, and in the end removes the folder. The end
 * is when this process closes the pipe, or is no more: nothing is left behind, however it ends.
 */
const keep = 'echo open; cat; for try in 1 2 3 4 5; do rm -rf "$0" 2>/dev/null && break; sleep 0.2; done';
