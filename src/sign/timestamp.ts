/** A time in ISO 8601's basic format, UTC, whole seconds, rounded down: `20190201T090000Z`. */
export function formatTimestamp(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '');
}

/** The reverse; undefined for every other format and for days that no calendar has. */
export function parseTimestamp(text: string): Date | undefined {
  const fields = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!fields) return undefined;
  const [, year, month, day, hour, minute, second] = fields;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date takes 31 February and 24:00 for the day after.
  return !Number.isNaN(time.getTime()) && formatTimestamp(time) === text ? time : undefined;
}
