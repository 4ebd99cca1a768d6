import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

/** What the process is started with. */
export interface GeneratorOptions {
  readonly port: number;
  readonly connections: number;
  /** Requests a second, whatever becomes of them; 0: each connection asks again as soon as it has an answer. */
  readonly rate: number;
  readonly seconds: number;
  readonly method: string;
  readonly userAgent: string;
  /** A file with a target a line. */
  readonly targets: string;
  readonly status: number;
}

/** What it found. */
export interface Generated {
  readonly requests: number;
  readonly seconds: number;
  /** In ms, from when a request was due, also where no connection was free then: a server that stands still does not slow the clock. */
  readonly latencies: readonly number[];
  readonly wrong: number;
}

interface Lane {
  readonly socket: Socket;
  due: number;
  text: string;
}

/** Asks over kept connections, and measures what those who ask would wait. Rejects where one ends. */
export async function generate(options: GeneratorOptions): Promise<Generated> {
  const { port, connections, rate, seconds, method, userAgent, status } = options;
  const targets = readFileSync(options.targets, 'utf8').split('\n').filter(Boolean);
  const latencies: number[] = [];
  const waiting: number[] = [];
  let next = 0;
  let wrong = 0;
  const lanes = await Promise.all(Array.from({ length: connections }, () => opened(port)));
  const idle = [...lanes];
  const areIdle = () => idle.length === lanes.length;
  const began = performance.now();
  const ends = began + seconds * 1000;
  const { promise: over, resolve: end, reject: fail } = Promise.withResolvers<void>();

  const ask = (lane: Lane, due: number) => {
    const target = targets[next % targets.length];
    next += 1;
    lane.due = due;
    lane.socket.write(`${method} ${target} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${userAgent}\r\n\r\n`);
  };
  const goOn = (lane: Lane) => {
    const now = performance.now();
    const due = rate > 0 ? waiting.shift() : now < ends ? now : undefined;
    if (due === undefined) idle.push(lane);
    else ask(lane, due);
    if (now >= ends && waiting.length === 0 && areIdle()) end();
  };
  const take = (lane: Lane, chunk: string) => {
    lane.text += chunk;
    const answer = /^HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n/.exec(lane.text);
    if (!answer) return;
    const [head, code] = answer;
    const [, length = '0'] = /^content-length: (\d+)/im.exec(head) ?? [];
    const whole = head.length + (method === 'HEAD' ? 0 : Number(length));
    if (lane.text.length < whole) return;
    lane.text = lane.text.slice(whole);
    latencies.push(performance.now() - lane.due);
    if (Number(code) !== status) wrong += 1;
    goOn(lane);
  };
  for (const lane of lanes)
    lane.socket
      .on('data', (chunk: string) => take(lane, chunk))
      .on('error', fail)
      .on('close', () =>
        fail(new Error(`port ${port} closed a connection after ${latencies.length} answers`)),
      );

  if (rate === 0) for (const lane of idle.splice(0)) ask(lane, performance.now());
  else {
    const all = Math.round(seconds * rate);
    let made = 0;
    const tick = () => {
      const now = Math.min(performance.now(), ends);
      for (; made < all && made <= ((now - began) * rate) / 1000; made += 1)
        waiting.push(began + (made * 1000) / rate);
      while (waiting.length > 0) {
        const lane = idle.pop();
        if (!lane) break;
        ask(lane, waiting.shift() ?? now);
      }
      if (now < ends) setImmediate(tick);
      else if (waiting.length === 0 && areIdle()) end();
    };
    tick();
  }
  await over;
  for (const { socket } of lanes) socket.removeAllListeners('close').destroy();
  return { requests: latencies.length, seconds: (performance.now() - began) / 1000, latencies, wrong };
}

async function opened(port: number): Promise<Lane> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.setEncoding('latin1');
  return { socket, due: 0, text: '' };
}

if (import.meta.main) {
  const options: GeneratorOptions = JSON.parse(process.argv[2] ?? '');
  process.stdout.write(JSON.stringify(await generate(options)));
}
