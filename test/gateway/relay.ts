import { createSocket } from 'node:dgram';

// A program: an underlay between two WireGuard peers, with so many ms each way. Like many a path it carries no packet above
// its MTU and says nothing about that (no ICMP). SIGUSR1 cuts it, and joins it again.
const [delay = 0, mtu = 1500] = process.argv.slice(2, 4).map(Number);
const [far = '', port = ''] = process.argv.slice(4);
const listening = createSocket('udp4');
const dialling = createSocket('udp4');
let near: { address: string; port: number } | undefined;
let cut = false;
process.on('SIGUSR1', () => {
  cut = !cut;
  console.log(cut ? 'cut' : 'joined');
});

/** UDP and IP have 28 bytes of their own. */
const passes = (packet: Buffer) => !cut && packet.length + 28 <= mtu;

listening.on('message', (packet, from) => {
  near = from;
  if (passes(packet)) setTimeout(() => dialling.send(packet, Number(port), far), delay);
});
dialling.on('message', (packet) => {
  const to = near;
  if (to && passes(packet)) setTimeout(() => listening.send(packet, to.port, to.address), delay);
});
listening.bind(Number(port), () => {
  listening.setRecvBufferSize(4 << 20);
  console.log('ready');
});
dialling.bind(0, () => dialling.setRecvBufferSize(4 << 20));
