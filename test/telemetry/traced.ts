import { randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { mac } from '../http/site.ts';
import { addMachine, addProfile, askAdmin, push } from '../support/broker.ts';
import { startChild } from '../support/child.ts';
import { otlpReceiver, type Received, type Receiver } from '../support/otlp.ts';

export const token = 'the-token-of-this-test';
const settings = { BROKER_ADMIN_TOKEN: token, BROKER_PROJECT: 'my-project' };
const efi = randomBytes(5_000);
export const kernel = randomBytes(300_000);

/** A broker of its own process, with a machine that has something to boot, and the receiver of its spans. */
export async function traced(
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
  receiver?: Receiver,
) {
  const to = receiver ?? (await otlpReceiver(t));
  const child = await startChild(t, {
    env: { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: to.endpoint, OTEL_BSP_SCHEDULE_DELAY: '100', ...env },
  });
  const { boot, admin } = await child.ready;
  const api = { admin: (target: string, json?: unknown) => askAdmin(admin, token, target, json) };
  await push(api, { kind: 'efi', name: 'ipxe', bytes: efi });
  await push(api, { kind: 'kernel', name: 'debian', bytes: kernel });
  const { id: machine } = await addMachine(api, { macs: [mac] });
  const { id: revision } = await addProfile(api, {
    name: 'debian',
    machine_id: machine,
    kernel: 'debian@1',
  });
  return { receiver: to, child, boot, admin, api, machine, revision };
}

/** The id of the boot that a script begins. */
export function bootOf(script: string): string {
  const [, id = ''] = /[?&]boot=([0-9a-f-]{36})/.exec(script) ?? [];
  return id;
}

export const traceOf = (boot: string) => boot.replaceAll('-', '');
export const at = (path: string) => (span: Received) => span.attributes['url.path'] === path;
