import { createHmac } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { type Came, fakeFor } from './fakes.ts';
import { cloudKey, gatewayFor } from './gateway.ts';

/** A gateway whose broker says only that it was asked. */
export async function start(t: ExecutionContext, settings: Readonly<Record<string, unknown>> = {}) {
  const broker = await fakeFor(t, (_, answer) => void answer.writeHead(204).end());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: 'http://127.0.0.1:1' }, settings);
  return { broker, gateway };
}

export const fieldOf = (came: Came | undefined, name: string) =>
  came?.fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value) ?? [];

/** What the header says, after its MAC was found right by the design's own words. */
export function vouched(t: ExecutionContext, came: Came | undefined): Record<string, string> {
  const [header = '', ...others] = fieldOf(came, 'x-boot-edge');
  t.deepEqual(others, []);
  const [version, ...pairs] = header.split(';');
  t.is(version, 'v1');
  const said = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const { kid, aud, t: time, addr, hw, can, mac } = said;
  const message = ['v1', kid, aud, time, addr, hw, can, came?.method, came?.target].join('\n');
  t.is(mac, createHmac('sha256', cloudKey).update(message).digest('base64url'));
  t.true(Math.abs(Date.now() / 1000 - Number(time)) < 10);
  return said;
}
