import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A receiver of OTLP that takes everything and keeps nothing: an empty answer is one without complaints, in protobuf as well. */
process.once('disconnect', () => process.exit());
const server = createServer((request, response) => {
  request
    .resume()
    .once('end', () => response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end());
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
