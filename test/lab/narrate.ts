import type { LogLine } from './broker.ts';

/** Who sends this User-Agent, in the words of somebody who watches a machine boot. */
export function who(userAgent: unknown): string {
  const [name = ''] = String(userAgent).split('/');
  return { UefiHttpBoot: 'firmware', iPXE: 'iPXE', Wget: 'Linux' }[name] ?? name;
}

/** What a line of the broker's log says of a boot; nothing for what is not about one. */
export function narrate(line: LogLine): string | undefined {
  if (line.message !== 'request' || line.plane !== 'boot') return undefined;
  return `${who(line.user_agent)} asked: ${line.method} ${line.path}. The broker ${answer(line)}.`;
}

function answer({ plan, method, status, reason, asset_name: asset, bytes, stage }: LogLine): string {
  switch (plan) {
    case 'text':
      return `answered with a script: ${reason}`;
    case 'redirect':
      return `answered ${status}, follow this signed URL to ${asset}: ${reason}`;
    case 'stream':
      return method === 'HEAD'
        ? `answered with the size of ${asset}: ${reason}`
        : `followed the signed URL itself and passed on ${bytes} bytes of ${asset}: ${reason}`;
    default:
      return stage ? `wrote down that the machine is ${stage}` : `answered ${status}: ${reason}`;
  }
}
