import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The least that a redirect costs in Node.js: a server of node:http that answers everything with the same one. */
const { location } = JSON.parse(process.argv[2] ?? '');
process.once('disconnect', () => process.exit());
const server = createServer((_, response) => {
  response.writeHead(302, { Location: location, 'Content-Length': '0' }).end();
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
