import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { type Config, readConfig } from '../../src/config/config.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { diagnose, type Surroundings } from '../../src/doctor.ts';
import { googleCredentials } from '../../src/sign/google-credentials.ts';
import type { Asked, Told } from '../support/fake-server.ts';

export type Settings = Readonly<Record<string, string>>;

export function configOf(settings: Settings): Config {
  const read = readConfig({}, settings);
  if ('mistakes' in read) throw new Error(read.mistakes.join('; '));
  return read.config;
}

/** Surroundings in which no address but loopback's is ever asked. */
export function here(): Surroundings {
  return {
    clock: () => new Date(),
    google: googleCredentials(),
    vips: [],
    resolve: async (host) => {
      throw new Error(`${host} was to be looked up`);
    },
  };
}

/** What the checks find, by their names; their order is that of the names. */
export async function diagnosis(settings: Settings, around: Partial<Surroundings> = {}) {
  const findings = await Array.fromAsync(diagnose(configOf(settings), { ...here(), ...around }));
  const byName = new Map(findings.map((finding) => [finding.check, finding]));
  const names = (state: Finding['state']) =>
    findings.filter((finding) => finding.state === state).map(({ check }) => check);
  return {
    findings,
    text: (check: string) => byName.get(check)?.text ?? '',
    failed: names('fail'),
    passed: names('pass'),
    skipped: names('skipped'),
  };
}

/** Exactly one check failed, and its line says this. */
export function failsOnce(
  t: ExecutionContext,
  { findings, failed, text }: Awaited<ReturnType<typeof diagnosis>>,
  check: string,
  says: RegExp,
): void {
  t.deepEqual(failed, [check], JSON.stringify(findings, null, 1));
  t.regex(text(check), says);
  t.false(text(check).includes('\n'));
}

/**
 * Passes requests on to an origin, but for those that `instead` answers; what it learns of a request has no body. `scheme` is
 * that of the links in the answers.
 */
export async function proxy(
  t: ExecutionContext,
  origin: string,
  instead: (asked: Omit<Asked, 'body'>) => Told | undefined,
  scheme = 'http',
): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    const told = instead({ method, url, headers });
    if (told) {
      incoming.resume();
      outgoing.writeHead(told.status, told.headers).end(told.body);
      return;
    }
    const onward = request(`${origin}${url}`, { method, headers }, (answer) => {
      const { location } = answer.headers;
      const links = location === undefined ? {} : { location: location.replace('http', scheme) };
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...links });
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An error of the XML API. */
export const xmlError = (status: number, code: string, details: string): Told => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>Access denied.</Message><Details>${details}</Details></Error>`,
});
