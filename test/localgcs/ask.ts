/** Sends requests from where it is run: `node ask.ts ORIGIN REQUESTS-AS-JSON`; prints what was answered. */
import { type Asking, send } from './support.ts';

const [, , origin = '', requests = '[]'] = process.argv;
const answers: { status: number; text: string }[] = [];
for (const [target, asking] of JSON.parse(requests) as [string, Asking][]) {
  const { status, text } = await send(origin, target, asking);
  answers.push({ status, text });
}
console.log(JSON.stringify(answers));
