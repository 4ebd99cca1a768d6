import { Timestamp } from '@google-cloud/firestore';

/** RFC 3339 to the nanosecond, as Firestore's own clock has it. */
export function textOf({ seconds, nanoseconds }: Timestamp): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanoseconds).padStart(9, '0')}Z`;
}

/** The time again; undefined when the text is none. */
export function timestampOf(text: string): Timestamp | undefined {
  const [, whole = '', fraction = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text) ?? [];
  const ms = Date.parse(`${whole}Z`);
  return Number.isNaN(ms) || whole < '0001'
    ? undefined
    : new Timestamp(ms / 1000, Number(fraction.padEnd(9, '0')));
}
