import { readFileSync } from 'node:fs';
import { tell } from '../tell.ts';
import { bootOf } from './machine.ts';

export interface StormLoad {
  /** Port of the boot plane. */
  readonly boot: number;
  /** File of the machines' MACs, a line each. */
  readonly macs: string;
  readonly arrivalSeconds: number;
}

export interface StormSeen {
  /** Of the scripts, in ms. */
  readonly scripts: readonly number[];
  readonly errors: number;
  /** What one of them was. */
  readonly error: string | undefined;
  /** From the last machine's arrival to the last one's report, in seconds. */
  readonly lastBootSeconds: number;
}

/** All machines of a storm in a process of their own, each with an address of its own. */
async function storm({ boot, macs, arrivalSeconds }: StormLoad): Promise<StormSeen> {
  const machines = readFileSync(macs, 'utf8').trimEnd().split('\n');
  const began = performance.now() + 500;
  const arrival = (n: number) => began + (n * arrivalSeconds * 1000) / machines.length;
  const outcomes = await Promise.allSettled(
    machines.map((mac, n) => bootOf({ mac, address: addressOf(n), boot }, arrival(n))),
  );
  const booted = outcomes.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
  const failed = outcomes.filter((one) => one.status === 'rejected');
  const end = booted.reduce((last, { endedAt }) => Math.max(last, endedAt), 0);
  return {
    scripts: booted.map(({ scriptMs }) => scriptMs),
    errors: failed.length,
    error: failed[0] && String(failed[0].reason),
    lastBootSeconds: (end - arrival(machines.length - 1)) / 1000,
  };
}

/** One of 127.0.0.0/8 for each. */
function addressOf(n: number): string {
  return `127.${1 + Math.floor(n / 62_500)}.${Math.floor(n / 250) % 250}.${1 + (n % 250)}`;
}

tell(await storm(JSON.parse(process.argv[2] ?? '') as StormLoad));
