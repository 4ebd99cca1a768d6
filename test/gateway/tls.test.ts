import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { temporaryFolder } from '../support/child.ts';
import { command, needing } from '../support/needs.ts';
import { gatewayFor } from './gateway.ts';

const test = needing(command('nginx'), command('openssl'));

test('Cloud Run is asked by one name, in TLS and in HTTP, and believed only with its certificate', async (t) => {
  const folder = await temporaryFolder(t);
  const certificate = (name: string) => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
    const flags = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '1',
    ];
    execFileSync('openssl', [...flags, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
  };
  const name = 'broker-1.a.run.app';
  const [own, other] = [certificate(name), certificate('other.example')];
  const asked: [string | undefined, string | false | null | undefined][] = [];
  const server = createServer(own, (request, answer) => {
    asked.push([request.headers.host, (request.socket as TLSSocket).servername]);
    answer.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const upstreams = { broker: `https://${name}:${port}`, storage: 'http://127.0.0.1:1' };
  const broker = { origin: upstreams.broker, addresses: ['127.0.0.1'] };
  const gateway = await gatewayFor(t, upstreams, { broker, certificates: own.file });
  t.is((await gateway.ask('/boot.ipxe')).status, 204);
  t.deepEqual(asked, [[`${name}:${port}`, name]]);
  const doubting = await gatewayFor(t, upstreams, { broker, certificates: other.file });
  t.is((await doubting.ask('/boot.ipxe')).status, 503);
  t.is(asked.length, 1);
});
