import { pino } from 'pino';
import { type Destination, standardOutput } from './log/destination.ts';
import { shownFields } from './log/fields.ts';
import { readable } from './log/readable.ts';
import { scrubber } from './log/scrub.ts';

export type Log = Pick<pino.Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error'>;

export interface OpenLog extends Log {
  /** From now on this text stays out of it, whatever it looks like. */
  hide(secret: string): void;
  /** Resolves when all lines are written, or nobody reads them. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly level: string;
  /** JSON, for programs; text, for people. Unset: text on a terminal. */
  readonly format?: 'json' | 'text' | undefined;
  /** Hears of each line that is left out, as nobody reads the lines before it. */
  readonly onDrop?: () => void;
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
function withStackTrace(fields: unknown): unknown {
  const { error } = fields as { readonly error?: unknown };
  return error instanceof Error && error.stack ? { stack_trace: error.stack, ...(fields as object) } : fields;
}

const nowhere: Destination = { write() {}, close: async () => {} };

/** Lines on standard output: JSON with times in RFC 3339, or text. What they say is scrubbed as a whole, wherever in it a secret stands. */
export function openLog({ level, format, onDrop = () => {} }: LogOptions): OpenLog {
  let dropped = 0;
  const heard = {
    onDrop() {
      dropped += 1;
      onDrop();
    },
    onDrain() {
      const lines = dropped;
      dropped = 0;
      if (lines > 0) log.warn({ lines }, 'lines were left out here: nobody read them in time');
    },
  };
  const destination = level === 'silent' ? nowhere : standardOutput(heard);
  const { isTTY } = process.stdout;
  const isText = format === undefined ? isTTY : format === 'text';
  const isColoured = isTTY && process.stdout.hasColors();
  const { scrub, hide } = scrubber();
  const log: pino.Logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label, severity: severities[label] ?? 'DEFAULT' }),
        log: shownFields,
      },
      serializers: { err: (error) => error, error: (error) => error },
      hooks: {
        logMethod(args, method, level) {
          const [fields, ...rest] = args as unknown as [unknown, ...string[]];
          if (level < errorLevel) return method.apply(this, args);
          return method.apply(this, [withStackTrace(fields), ...rest] as unknown as typeof args);
        },
        streamWrite: (line) => (isText ? readable(scrub(line), isColoured) : scrub(line)),
      },
    },
    destination,
  );
  return Object.assign(log, { hide, close: destination.close });
}
