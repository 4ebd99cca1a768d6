import type { Received } from '../../src/sign/verify.ts';

/** A signed URL as a client's request would bring it: the target and Host untouched, then the headers. */
export function receive(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Received {
  const [, host = '', target = ''] = /^https?:\/\/([^/]+)(\/.*)$/.exec(url) ?? [];
  return { method, target, rawHeaders: ['Host', host, ...Object.entries(headers).flat()] };
}
