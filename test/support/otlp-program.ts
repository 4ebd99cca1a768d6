import { setInterval as every } from 'node:timers';
import { otlpReceiver } from './otlp.ts';

/** An OTLP receiver as a program, where the test itself cannot be reached: node otlp-program.ts HOST PORT. It prints its spans, one a line. */
const [host = '127.0.0.1', port = '4318'] = process.argv.slice(2);
const receiver = await otlpReceiver({ teardown() {} }, { host, port: Number(port) });
console.log('ready');
every(() => {
  for (const span of receiver.spans.splice(0))
    console.log(JSON.stringify(span, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
}, 50);
