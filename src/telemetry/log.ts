import { pino } from 'pino';

export type Log = Pick<pino.Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error'>;

/** Signatures, session ids, tokens and an edge's word open what they name until they expire: they stay out of every log. */
export function scrub(text: string): string {
  return text
    .replace(/(X-Goog-Signature|upload_id|X-Goog-Credential|access_token)(=|%3D)[^&\s"']+/gi, '$1$2...')
    .replace(/(;can=[a-z,]*;mac=)[\w-]+/g, '$1...')
    .replace(/\bbb_([0-9a-f]{32})_[0-9a-f]+/g, 'bb_$1_...')
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, 'eyJ...');
}

function scrubbed(value: unknown): unknown {
  if (typeof value === 'string') return scrub(value);
  if (value instanceof Error)
    return { type: value.name, message: scrub(value.message), stack: scrub(value.stack ?? '') };
  return value;
}

/** Pino's number for it. */
const errorLevel = 50;

/** Cloud Logging's names (LogEntry, LogSeverity). */
const severities: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};

/** Where Error Reporting looks for an error (Format errors in logs). */
function stackTrace(fields: object): object {
  const { error } = fields as { error?: unknown };
  return error instanceof Error && error.stack ? { stack_trace: error.stack } : {};
}

/** JSON lines on standard output, times in RFC 3339. */
export function openLog(level: string): Log {
  return pino({
    level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: (fields, level) => (level >= errorLevel ? stackTrace(fields) : {}),
    formatters: {
      level: (label) => ({ level: label, severity: severities[label] ?? 'DEFAULT' }),
      log: (fields) =>
        Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, scrubbed(value)])),
    },
    serializers: { err: (error) => error, error: (error) => error },
  });
}
