import { once } from 'node:events';
import type { Command } from 'commander';
import { wrongSettings } from '../broker/broker.ts';
import { interruptible } from '../verb/interrupt.ts';
import { collect } from '../verb/options.ts';
import { jsonLine } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

interface Options {
  readonly listen: string;
  readonly dataDir?: string;
  readonly bucket?: readonly string[];
  readonly tokenFile?: string;
  readonly hmacAccessId?: string;
  readonly json?: true;
}

export function localgcs(command: Command, system: System): void {
  example(command, [
    'bootbroker localgcs --data-dir ./storage --bucket photos',
    '',
    'Without --token-file it is open to every program on this machine, and only to',
    'those.',
  ])
    .option('--listen <host:port>', 'where it listens', '127.0.0.1:8082')
    .option('--data-dir <folder>', 'where it keeps objects (BROKER_DATA_DIR, default ./data)')
    .option(
      '--bucket <name>',
      'a bucket that exists; several times for several (default: boot-assets)',
      collect,
    )
    .option('--token-file <file>', 'file with the bearer token that it asks for')
    .option('--hmac-access-id <id>', 'whose V4 signed URLs it takes; the secret is BROKER_HMAC_SECRET')
    .action((options: Options) => run(options, system));
}

async function run(options: Options, system: System): Promise<void> {
  const { listen, dataDir, bucket, tokenFile, hmacAccessId } = options;
  const storage = await system.startStorage({
    listen,
    dataDir,
    buckets: bucket ?? [],
    tokenFile,
    hmacAccessId,
  });
  if ('mistakes' in storage) throw wrongSettings(storage.mistakes);
  const { origin } = storage;
  system.stdout.write(options.json ? jsonLine({ origin }) : `Cloud Storage at ${origin}\n`);
  const failure = await interruptible('', (signal) => Promise.race([once(signal, 'abort'), storage.failed]));
  if (failure instanceof Error) throw failure;
  await storage.close();
}
