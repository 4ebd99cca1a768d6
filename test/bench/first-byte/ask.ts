import { performance } from 'node:perf_hooks';
import { ask } from '../ask.ts';

/** What is asked, and what has to come. */
export interface Asked {
  readonly url: string;
  readonly userAgent: string;
  readonly status: 200 | 302;
  /** Whether the first byte is that of what a redirect leads to. */
  readonly follow?: true;
}

/** Milliseconds to the first byte of a body, or to the end of a redirect's head. Reads on to the end, as machines do. */
export async function firstByte({ url, userAgent, status, follow }: Asked): Promise<number> {
  const began = performance.now();
  const { at, head } = await answer(url, userAgent, status);
  if (!follow) return at - began;
  const [, location = ''] = /\r\nlocation: (.*)\r\n/i.exec(head) ?? [];
  return (await answer(location, userAgent, 200)).at - began;
}

function answer(
  url: string,
  userAgent: string,
  status: number,
): Promise<{ readonly at: number; readonly head: string }> {
  const socket = ask(url, userAgent);
  return new Promise((resolve, reject) => {
    let head = '';
    let at: number | undefined;
    socket
      .on('data', (chunk: Buffer) => {
        if (at !== undefined) return;
        head += chunk.toString('latin1');
        const body = head.indexOf('\r\n\r\n') + 4;
        if (body > 3 && (status === 302 || head.length > body)) at = performance.now();
      })
      .once('error', reject)
      .once('close', () => {
        if (at !== undefined && head.startsWith(`HTTP/1.1 ${status} `)) resolve({ at, head });
        else reject(new Error(`${url} gave ${head.split('\r\n')[0]}, not ${status}`));
      });
  });
}
