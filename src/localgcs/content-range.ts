import { type Refusal, refuse } from './refusal.ts';

/** Chunks of a resumable upload are multiples of this, the last excepted (Cloud Storage, "Resumable uploads"). */
const CHUNK = 256 * 1024;

/** Which bytes of an upload a PUT carries, or that it only asks how far the upload is. */
export type ContentRange =
  | { readonly asks: true; readonly total: number | undefined }
  | {
      readonly asks: false;
      readonly start: number;
      /** Just behind the last byte; undefined: as far as the body goes, which is then the end. */
      readonly end: number | undefined;
      readonly total: number | undefined;
    };

/**
 * Reads `bytes 0-9/10`, `bytes 0-9/*`, `bytes 0-*\/*` (Google's Node client), `bytes *\/10` and `bytes *\/*`.
 * A PUT without the header carries everything.
 */
export function contentRange(header: string | undefined, length: number | undefined): ContentRange | Refusal {
  if (header === undefined) return { asks: false, start: 0, end: length, total: length };
  const match = /^bytes (?:(?<start>\d{1,15})-(?:(?<last>\d{1,15})|\*)|\*)\/(?:(?<total>\d{1,15})|\*)$/.exec(
    header,
  );
  if (!match)
    return refuse('InvalidArgument', `Content-Range: ${header} is not one that an upload can have.`);
  const number = (name: string) =>
    match.groups?.[name] === undefined ? undefined : Number(match.groups[name]);
  const start = number('start');
  const total = number('total');
  if (start === undefined) return { asks: true, total };

  const last = number('last');
  const end = last === undefined ? total : last + 1;
  if (end === undefined) return { asks: false, start, end, total };
  if (end < start || (last !== undefined && end === start) || (total !== undefined && end > total))
    return refuse('InvalidArgument', `Content-Range: ${header} contradicts itself.`);
  if (length !== undefined && length !== end - start)
    return refuse('InvalidArgument', `Content-Range: ${header} does not fit a body of ${length} bytes.`);
  if (end !== total && (end - start) % CHUNK !== 0)
    return refuse(
      'InvalidArgument',
      `Only an upload's last chunk may have a size that is no multiple of ${CHUNK}.`,
    );
  return { asks: false, start, end, total };
}
