import { type Command, InvalidArgumentError } from 'commander';
import { type AuditEvent, type AuditHead, chainStart, follows } from '../../../boot/access/audit.ts';
import { type Api, eachItem } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { Failure } from '../../verb/failure.ts';
import { jsonLine } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly head?: AuditHead;
  readonly json?: true;
}

export function auditVerify(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker audit verify --head 812:5f0c...']).option(
      '--head <seq:hash>',
      'what it said the last time: must still be there, or events are missing at the end',
      head,
    ),
  ).action(async ({ head: wanted, ...options }: Options) => {
    const { seq, hash } = await verified(broker(system, options), wanted);
    system.stdout.write(
      options.json
        ? jsonLine({ seq, hash })
        : `the audit log is whole: ${seq} events; keep its head elsewhere, and give it the next time:\n${seq}:${hash}\n`,
    );
  });
}

async function verified(api: Api, wanted: AuditHead | undefined): Promise<AuditHead> {
  let last = chainStart;
  let met = wanted === undefined;
  for await (const event of eachItem<AuditEvent>(api, 'audit', { limit: '1000' })) {
    if (!follows(event, last))
      throw new Failure(
        'refused',
        `the audit log is broken at event ${event.seq}, after ${last.seq}: it, or what was before it, is not what was written; compare it with a backup`,
      );
    last = event;
    met ||= event.seq === wanted?.seq && event.hash === wanted.hash;
  }
  if (!met)
    throw new Failure(
      'refused',
      `event ${wanted?.seq} with that hash is no part of the audit log, which ends at ${last.seq}: events were taken away or written anew; compare it with a backup`,
    );
  return last;
}

function head(text: string): AuditHead {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!seq || !hash) throw new InvalidArgumentError('Write SEQ:HASH, as bootbroker audit verify prints it.');
  return { seq: Number(seq), hash };
}
