import { performance } from 'node:perf_hooks';
import { ask } from './ask.ts';
import { firmware } from './fetch.ts';
import type { Scene } from './scene.ts';
import { quantile, round } from './statistics.ts';

/** Milliseconds to the first byte of a small asset, whole, and to a redirect, each on a connection of its own. */
export async function measureFirstByte({ storage, small, startBroker, startNginx }: Scene, requests: number) {
  const broker = await startBroker();
  const nginx = await startNginx();
  const result = {
    'the storage itself': await times(storage.origin + small.signed, firmware, 200, requests),
    'broker, stream': await times(broker.origin + small.asset, firmware, 200, requests),
    nginx: await times(nginx.origin + small.signed, firmware, 200, requests),
    'broker, redirect': await times(broker.origin + small.asset, 'iPXE/2.0.0', 302, requests),
  };
  for (const server of [broker, nginx]) await server.stop();
  return result;
}

async function times(url: string, userAgent: string, status: 200 | 302, requests: number) {
  const all: number[] = [];
  for (let n = -50; n < requests; n += 1) {
    const time = await firstByte(url, userAgent, status);
    if (n >= 0) all.push(time);
  }
  return { p50: round(quantile(all, 0.5), 2), p99: round(quantile(all, 0.99), 2) };
}

/** Reads on to the end, as machines do. A redirect's first byte is the end of its headers. */
function firstByte(url: string, userAgent: string, status: 200 | 302): Promise<number> {
  const start = performance.now();
  const socket = ask(url, userAgent);
  return new Promise((resolve, reject) => {
    let head = '';
    let time: number | undefined;
    socket
      .on('data', (chunk: Buffer) => {
        if (time !== undefined) return;
        head += chunk.toString('latin1');
        const body = head.indexOf('\r\n\r\n') + 4;
        if (body > 3 && (status === 302 || head.length > body)) time = performance.now() - start;
      })
      .once('error', reject)
      .once('close', () => {
        if (time !== undefined && head.startsWith(`HTTP/1.1 ${status} `)) resolve(time);
        else reject(new Error(`${url} gave ${head.split('\r\n')[0]}, not ${status}`));
      });
  });
}
