import { createServer, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brokerAddress } from './room.ts';

// A program: it stands where machines ask, with the broker behind it, and passes everything on but for two things.
/** So many requests for a machine's own script get the answer of a broker whose records are down. */
let down = Number(process.argv[2]);
/** Scripts that give up do so after this many tries: with the real number it takes minutes. */
const tries = Number(process.argv[3]);
const behind = { host: brokerAddress, port: Number(process.argv[4]) };

const server = createServer((asked, answer) => {
  const { method, url = '', headers } = asked;
  if (url.includes('.ipxe?') && down > 0) {
    down -= 1;
    answer.writeHead(503, { 'Content-Length': 0 }).end();
    return;
  }
  const passedOn = request({ ...behind, method, path: url, headers }, async (answered) => {
    const { statusCode = 0, headers } = answered;
    if (!headers['content-type']?.startsWith('text/plain')) {
      answered.pipe(answer.writeHead(statusCode, headers));
      return;
    }
    const script = String(await buffer(answered)).replace(/iseq \$\{tries\} \d+/, `iseq \${tries} ${tries}`);
    answer.writeHead(statusCode, { ...headers, 'content-length': script.length }).end(script);
  });
  passedOn.end();
});
server.listen(8080, () => console.log('ready'));
