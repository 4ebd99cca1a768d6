import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { type Refusal, refuse } from './refusal.ts';

/** Base64, as Google has them: crc32c of the big-endian value. */
export interface Checksums {
  readonly crc32c: string;
  readonly md5: string;
}

/** What the uploader says that the bytes are. */
export interface Expected {
  readonly crc32c?: string;
  readonly md5?: string;
}

/** Hashes bytes as they pass. */
export interface Digest {
  update(chunk: Uint8Array): void;
  checksums(): Checksums;
}

export function createDigest(): Digest {
  const md5 = createHash('md5');
  let crc = 0;
  return {
    update: (chunk) => {
      md5.update(chunk);
      crc = crc32c(chunk, crc);
    },
    checksums: () => {
      const value = Buffer.alloc(4);
      value.writeUInt32BE(crc >>> 0);
      return { crc32c: value.toString('base64'), md5: md5.copy().digest('base64') };
    },
  };
}

/** What `x-goog-hash` (`crc32c=...,md5=...`, perhaps in several lines) and `Content-MD5` say. */
export function expectedOf(headers: NodeJS.Dict<string | string[]>): Expected {
  const said = [headers['x-goog-hash'] ?? []].flat().join(',').split(',');
  const value = (name: string) =>
    said
      .map((part) => part.trim())
      .find((part) => part.startsWith(`${name}=`))
      ?.slice(name.length + 1);
  const crc = value('crc32c');
  const md5 = value('md5') ?? headers['content-md5'];
  return { ...(crc && { crc32c: crc }), ...(typeof md5 === 'string' && { md5 }) };
}

/** Undefined when the bytes are the expected ones. */
export function mismatch(actual: Checksums, ...expectations: Expected[]): Refusal | undefined {
  for (const expected of expectations) {
    for (const kind of ['crc32c', 'md5'] as const) {
      const said = expected[kind];
      if (said === undefined || said === actual[kind]) continue;
      return refuse(
        'BadDigest',
        `The ${kind} given is ${said}, but that of the bytes received is ${actual[kind]}.`,
      );
    }
  }
  return undefined;
}
