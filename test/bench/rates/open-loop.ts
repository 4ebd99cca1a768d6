import { readFileSync } from 'node:fs';
import { Arrivals } from './arrivals.ts';
import { openConnection } from './connection.ts';

export interface OpenLoop {
  readonly port: number;
  /** File of the targets, a line each, asked by turns. */
  readonly targets: string;
  /** Which of them is the first. */
  readonly from: number;
  readonly userAgent: string;
  /** The only status that counts. */
  readonly status: number;
  readonly connections: number;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Asks at a fixed rate over so many connections: how long each took since it was due, in ms. Rejects at any other answer. */
export async function openLoop(options: OpenLoop): Promise<readonly number[]> {
  const { port, userAgent, status, connections, perSecond, seconds } = options;
  const targets = readFileSync(options.targets, 'utf8').trimEnd().split('\n');
  const failed = Promise.withResolvers<never>();
  const idle = await Promise.all(
    Array.from({ length: connections }, () => openConnection(port, 'GET', failed.reject)),
  );
  const all = [...idle];
  const arrivals = new Arrivals(performance.now(), perSecond, Math.round(perSecond * seconds));
  const done = Promise.withResolvers<void>();
  let next = options.from;
  let isOver = false;
  const rest = `HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: ${userAgent}\r\n\r\n`;

  // It turns for ever, for the timers of Node.js are too coarse: a core is its own.
  const turn = () => {
    while (idle.length > 0) {
      const due = arrivals.begin(performance.now());
      if (due === undefined) break;
      const connection = idle.shift();
      const target = targets[next % targets.length];
      next += 1;
      connection?.ask(`GET ${target} ${rest}`, (said) => {
        if (said !== status) return failed.reject(new Error(`${said} instead of ${status} for ${target}`));
        arrivals.end(due, performance.now());
        idle.push(connection);
      });
    }
    if (arrivals.areDone) done.resolve();
    else if (!isOver) setImmediate(turn);
  };
  turn();
  await Promise.race([done.promise, failed.promise]).finally(() => {
    isOver = true;
    for (const connection of all) connection.close();
  });
  return arrivals.took;
}
