import { createSocket } from 'node:dgram';

// A program: it solicits by DHCPv6 (RFC 8415) through this interface, as UEFI firmware of this architecture or as iPXE, until it is
// advertised something, and prints the boot file URL (option 59) and the vendor class (option 16, in hex).
const [through = '', as = ''] = process.argv.slice(2);
const option = (code: number, data: Buffer) => {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(code, 0);
  head.writeUInt16BE(data.length, 2);
  return Buffer.concat([head, data]);
};
const hex = (text: string) => Buffer.from(text, 'hex');
const sized = (text: string) =>
  Buffer.concat([hex(text.length.toString(16).padStart(4, '0')), Buffer.from(text)]);
const arch = as === 'ipxe' ? '0010' : as;
const solicit = Buffer.concat([
  hex('01abcdef'),
  option(1, hex('00030001525400aabb01')),
  option(6, hex('003b003c00170010')),
  option(8, hex('0000')),
  option(3, hex('000000010000000000000000')),
  option(61, hex(arch)),
  as === 'ipxe'
    ? option(15, sized('iPXE'))
    : option(
        16,
        Buffer.concat([
          hex('00000157'),
          sized(`HTTPClient:Arch:000${Number.parseInt(arch, 16)}:UNDI:003000`),
        ]),
      ),
]);
const socket = createSocket('udp6');
socket.on('message', (answer) => {
  const options = new Map<number, Buffer>();
  for (let at = 4; at < answer.length; at += 4 + answer.readUInt16BE(at + 2))
    options.set(answer.readUInt16BE(at), answer.subarray(at + 4, at + 4 + answer.readUInt16BE(at + 2)));
  console.log(
    JSON.stringify({ url: options.get(59)?.toString(), vendorClass: options.get(16)?.toString('hex') }),
  );
  process.exit(0);
});
socket.bind(546, () => {
  const ask = () => socket.send(solicit, 547, `ff02::1:2%${through}`);
  ask();
  setInterval(ask, 500);
});
