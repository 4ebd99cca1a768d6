import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { ExecutionContext } from 'ava';

/** Passes everything on to a port of this machine, and on demand loses an answer: what was asked has happened, but nobody hears. */
export async function forgetfulProxy(
  t: ExecutionContext,
  port: number,
): Promise<{ port: number; loseNextAnswer(pathEnd: string): void; lost(): number }> {
  let loses: string | undefined;
  let lost = 0;
  const loseNextAnswer = (pathEnd: string) => {
    loses = pathEnd;
  };
  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    const onward = request({ port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
      if (loses !== undefined && url.split('?')[0]?.endsWith(loses)) {
        loses = undefined;
        lost += 1;
        answer.resume().on('end', () => outgoing.destroy());
      } else {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, loseNextAnswer, lost: () => lost };
}
