import type { DiagLogger } from '@opentelemetry/api';
import type { Log } from '../log.ts';

/** How long the next complaint is silent, in ms: a receiver that is down is told of once, not with each batch. */
const quietMs = 3_600_000;

/** What OpenTelemetry complains of, for the log. The log opens later than it. */
export class Complaints implements DiagLogger {
  readonly #waiting: string[] = [];
  #log: Pick<Log, 'warn'> | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  tellTo(log: Pick<Log, 'warn'>): void {
    this.#log = log;
    for (const message of this.#waiting.splice(0)) this.#tell(message);
  }

  error = (message: string, ...rest: unknown[]): void => this.#hear(message, rest);
  warn = (message: string, ...rest: unknown[]): void => this.#hear(message, rest);
  info(): void {}
  debug(): void {}
  verbose(): void {}

  #hear(message: string, rest: readonly unknown[]): void {
    const said = [message, ...rest].map(textOf).join(' ');
    if (this.#log) this.#tell(said);
    else if (this.#waiting.length < 10) this.#waiting.push(said);
  }

  #tell(said: string): void {
    const now = performance.now();
    if (now - this.#toldAt < quietMs) return;
    this.#toldAt = now;
    this.#log?.warn(
      { said },
      'traces or metrics do not reach their OTLP receiver; for an hour no more is said of it',
    );
  }
}

/** Errors come as JSON texts of all that they have (OpenTelemetry's `loggingErrorHandler`). */
function textOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  const text = String(value);
  const [, message = text] = /"message":"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
  return message.slice(0, 500);
}
