import { readFileSync } from 'node:fs';
import { tell } from '../tell.ts';
import { openConnection } from './connection.ts';

export interface ClosedLoop {
  readonly port: number;
  /** File of the targets, a line each, asked by turns. */
  readonly targets: string;
  readonly method: string;
  readonly userAgent: string;
  /** The only status that counts. */
  readonly status: number;
  readonly connections: number;
  readonly seconds: number;
}

/** In ms. */
export interface ClosedLoopSeen {
  readonly took: readonly number[];
  readonly lasted: number;
}

/** What wrk does, for HEAD, whose answers wrk does not understand: each connection asks again as soon as it has its answer. */
async function closedLoop(options: ClosedLoop): Promise<ClosedLoopSeen> {
  const { port, method, userAgent, status, seconds } = options;
  const targets = readFileSync(options.targets, 'utf8').trimEnd().split('\n');
  const rest = `HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: ${userAgent}\r\n\r\n`;
  const began = performance.now();
  const took: number[] = [];
  let asked = 0;
  const onOneConnection = async () => {
    const failed = Promise.withResolvers<never>();
    const connection = await openConnection(port, method, failed.reject);
    while (performance.now() - began < seconds * 1000) {
      const target = targets[asked % targets.length];
      asked += 1;
      const since = performance.now();
      const answered = new Promise<number>((resolve) =>
        connection.ask(`${method} ${target} ${rest}`, resolve),
      );
      const said = await Promise.race([answered, failed.promise]);
      if (said !== status) throw new Error(`${said} instead of ${status} for ${method} ${target}`);
      took.push(performance.now() - since);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: options.connections }, onOneConnection));
  return { took, lasted: performance.now() - began };
}

tell(await closedLoop(JSON.parse(process.argv[2] ?? '') as ClosedLoop));
