import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Admin, askAdmin, push } from './support/broker.ts';
import { startChild } from './support/child.ts';
import { type Asking, ask, until } from './support/http.ts';

const descriptors = 300;
const crowd = 400;

/** A broker that may open few files, with a first stage and a kernel. */
async function crowded(t: ExecutionContext) {
  const child = await startChild(t, { descriptors });
  const ports = await child.ready;
  const token = (await readFile(join(child.folder, 'data/admin-token'), 'utf8')).trim();
  const broker: Admin = {
    admin: (target, json, asking) => askAdmin(ports.admin, token, target, json, asking),
  };
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: Buffer.alloc(50_000, 1) });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.alloc(200_000, 2) });
  /** Everything that a broker is there for, asked from one address: whether it came. */
  const isThere = async (from: string): Promise<boolean> => {
    const get = (port: number, target: string, asking: Asking = {}) => ask(port, target, { from, ...asking });
    const probes = [ports.boot, ports.admin, ports.storage].map((port) => get(port, '/healthz'));
    const statuses = [
      ...(await Promise.all(probes)),
      await get(ports.boot, '/readyz'),
      await broker.admin('/api/v1/machines'),
    ].map(({ status }) => status);
    const stage = await get(ports.boot, '/boot.efi', { userAgent: 'UefiHttpBoot/1.0' });
    const redirect = await get(ports.boot, '/assets/k:1:x86_64/kernel', { userAgent: 'curl/8.0' });
    const { port, pathname, search } = new URL(redirect.headers.location ?? '');
    const kernel = await get(Number(port), pathname + search);
    const came = statuses.every((status) => status === 200);
    return came && stage.body.length === 50_000 && kernel.body.length === 200_000;
  };
  /** In a crowd a connection may have to give way before its request has come. A client tries again, and gets through. */
  const answers = (from: string) => until(() => isThere(from).catch(() => false));
  return { child, ports, broker, answers };
}

/** So many connections that say this and nothing more; those that are ended come again, until the test is over. */
function flood(t: ExecutionContext, port: number, from: (n: number) => string, text = ''): () => number {
  const open = new Map<number, Socket>();
  let isOver = false;
  const come = (n: number) => {
    if (isOver) return;
    const socket = connect({ port, host: '127.0.0.1', localAddress: from(n) });
    open.set(n, socket);
    socket.on('connect', () => void socket.write(text)).on('error', () => {});
    socket.resume().on('close', () => {
      open.delete(n);
      setTimeout(come, 2_000, n).unref();
    });
  };
  for (let n = 0; n < crowd; n += 1) come(n);
  t.teardown(() => {
    isOver = true;
    for (const socket of open.values()) socket.destroy();
  });
  return () => open.size;
}

const request = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
const floods: Readonly<Record<string, string>> = {
  silent: '',
  'with half a request': 'GET /boot.efi HTTP/1.1\r\nHo',
  'idle after a request': request,
};
for (const plane of ['storage', 'boot', 'admin'] as const)
  for (const [what, text] of Object.entries(floods))
    test.serial(
      `${crowd} connections to the ${plane} port, ${what}: all planes answer, the one that is flooded too`,
      async (t) => {
        const { ports, answers, child } = await crowded(t);
        flood(t, ports[plane], () => '127.0.0.7', text);
        for (let n = 0; n < 3; n += 1) await answers('127.0.0.1');
        await answers('127.0.0.7');
        const counted = new RegExp(
          `connections_turned_away_total\\{listener="${plane}",reason="idle"\\} [1-9]`,
        );
        await until(async () => counted.test((await ask(ports.boot, '/metrics')).text)); // the storage's thread tells once a second
        const errors = child.lines().filter(({ level }) => level === 'error');
        t.deepEqual(errors, []);
        t.true(child.lines().length < 100, `${child.lines().length} lines`);
      },
    );

test.serial('a flood from many addresses at once is no worse than one from one', async (t) => {
  const { ports, answers } = await crowded(t);
  flood(t, ports.storage, (n) => `127.0.1.${(n % 250) + 1}`);
  for (let n = 0; n < 3; n += 1) await answers('127.0.0.1');
  t.pass();
});
