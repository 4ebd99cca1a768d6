import { type Command, InvalidArgumentError, Option } from 'commander';
import { roles } from '../../../boot/access/actor.ts';
import type { ApiToken } from '../../../boot/access/token.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

const hourMs = 3_600_000;

/** How long from now: `12h`, `90d`; or until when, in RFC 3339. */
type Expiry = { readonly ms: number } | { readonly at: string };

interface Options extends BrokerOptions {
  readonly name: string;
  readonly role: string;
  readonly expires?: Expiry;
  readonly json?: true;
}

export function tokenCreate(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker token create --name ci --role operator --expires 90d'])
      .requiredOption('--name <name>', 'what you call it')
      .addOption(new Option('--role <role>', 'what its holder may do').choices(roles).makeOptionMandatory())
      .option('--expires <when>', 'such as 12h, 90d, 2027-01-31; unset: never', expiry),
  ).action(async ({ name, role, expires, ...options }: Options) => {
    const body = { name, role, ...(expires && { expires_at: expiresAt(expires, system.clock()) }) };
    const made = accepted(await broker(system, options).post('tokens', body)) as ApiToken & {
      token: string;
    };
    if (options.json) return void system.stdout.write(jsonLine(made));
    // Alone on stdout, so that a script can take it.
    system.stdout.write(`${printable(made.token)}\n`);
    const end = made.expires_at ? `ends ${made.expires_at}` : 'does not end by itself';
    system.stderr.write(
      `${printable(`token ${made.id} for ${made.role} ${end}; use it as BROKER_TOKEN. It is not shown again`)}\n`,
    );
  });
}

function expiry(text: string): Expiry {
  const [, count, unit] = /^([1-9]\d{0,4})([hd])$/.exec(text) ?? [];
  if (count) return { ms: Number(count) * (unit === 'd' ? 24 * hourMs : hourMs) };
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  if (!isTime || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('Write 12h, 90d, a date such as 2027-01-31, or a time of RFC 3339.');
  return { at: new Date(text).toISOString() };
}

function expiresAt(given: Expiry, now: Date): string {
  return 'at' in given ? given.at : new Date(now.getTime() + given.ms).toISOString();
}
