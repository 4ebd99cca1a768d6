import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a start costs at the least: a server that answers every request with a redirect, and says where it listens as the broker does. */
process.once('SIGTERM', () => process.exit());
const server = createServer((_, response) =>
  response.writeHead(302, { Location: 'http://127.0.0.1/' }).end(),
);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ listener: 'boot', port }));
});
