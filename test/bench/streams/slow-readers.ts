import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../ask.ts';
import { firmware } from '../fetch.ts';

/** What a slow reader takes each second, in bytes. */
const perSecond = 65_536;

/** Readers that take 64 KiB, pause for a second, and so on: the bytes that all of them got. Rejects when one is not served to the last. */
export async function readSlowly(url: string, readers: number, seconds: number): Promise<number> {
  const end = AbortSignal.timeout(seconds * 1000);
  const got = await Promise.all(Array.from({ length: readers }, () => readOneSlowly(url, end)));
  return got.reduce((sum, bytes) => sum + bytes, 0);
}

async function readOneSlowly(url: string, end: AbortSignal): Promise<number> {
  const socket = ask(url, firmware);
  let share = 0;
  let seen = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket
    .on('data', (chunk: Buffer) => {
      if (seen === 0 && !chunk.toString('latin1').startsWith('HTTP/1.1 200 '))
        reject(new Error(`a slow reader got ${chunk.toString('latin1').split('\r\n')[0]}`));
      seen += chunk.length;
      share += chunk.length;
      if (share < perSecond) return;
      share = 0;
      socket.pause();
      void sleep(1000).then(() => socket.resume());
    })
    .once('error', reject)
    .once('close', () => reject(new Error(`a slow reader was cut after ${seen} bytes`)));
  end.addEventListener('abort', () =>
    seen > perSecond ? resolve() : reject(new Error('a slow reader starved')),
  );
  await promise.finally(() => socket.removeAllListeners('close').destroy());
  return seen;
}
