import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What one machine saw of its boot. */
export interface Booted {
  /** From asking for its script to having it, in ms. */
  readonly scriptMs: number;
  /** When it had reported, by `performance.now()`. */
  readonly endedAt: number;
}

const firmware = { 'User-Agent': 'UefiHttpBoot/1.0' };
const ipxe = { 'User-Agent': 'iPXE/2.0.0' };

/**
 * Boots as a machine does: its firmware asks how long the first stage is and fetches it, iPXE asks for the script, and fetches the
 * kernel and the initrd from where it is sent, and the system reports. Rejects at any answer that would not have booted it.
 */
export async function bootOf(
  { mac, address, boot }: { readonly mac: string; readonly address: string; readonly boot: number },
  at: number,
): Promise<Booted> {
  await sleep(Math.max(0, at - performance.now()));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (target: string, headers: Readonly<Record<string, string>>, method = 'GET') =>
    answered({ host: '127.0.0.1', port: boot, path: target, method, headers, agent, localAddress: address });
  try {
    expect(await ask('/boot.efi', firmware, 'HEAD'), 200);
    expect(await ask('/boot.efi', firmware), 200);
    const asked = performance.now();
    const query = `mac=${mac}&arch=x86_64&platform=efi&version=2.0.0`;
    const script = expect(await ask(`/boot.ipxe?${query}`, ipxe), 200).text;
    const scriptMs = performance.now() - asked;
    const urls = [...script.matchAll(/^(?:kernel|initrd) --name \S+ (\S+)/gm)].map(([, url = '']) => url);
    if (urls.length !== 2) throw new Error(`its script loads ${urls.length} files: ${script}`);
    for (const url of urls) {
      const { headers } = expect(await ask(url, ipxe), 302);
      const { hostname, port, pathname, search } = new URL(String(headers.location));
      const fetching = {
        host: hostname,
        port,
        path: pathname + search,
        headers: ipxe,
        localAddress: address,
      };
      expect(await answered({ ...fetching, agent: false }), 200);
    }
    const { searchParams } = new URL(urls[0] ?? '', 'http://broker');
    expect(await ask(`/report/up?${searchParams}`, {}, 'POST'), 200);
    return { scriptMs, endedAt: performance.now() };
  } finally {
    agent.destroy();
  }
}

type Answered = Pick<IncomingMessage, 'headers' | 'statusCode'> & { readonly text: string };

function answered(asking: RequestOptions): Promise<Answered> {
  return new Promise((resolve, reject) => {
    request(asking, (response) => {
      let text = '';
      response.setEncoding('latin1').on('error', reject);
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ headers: response.headers, statusCode: response.statusCode ?? 0, text }),
      );
    })
      .on('error', reject)
      .end();
  });
}

function expect(answer: Answered, status: number): Answered {
  if (answer.statusCode !== status)
    throw new Error(`${answer.statusCode} instead of ${status}: ${answer.text}`);
  return answer;
}
