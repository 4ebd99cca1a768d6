import { styleText } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;
type Style = Parameters<typeof styleText>[0];

/** Control, format and line-breaking characters: they could steer a terminal. */
const steering = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const styles: Readonly<Record<string, Style>> = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
};

/** What a line for people leaves out: it is for programs, or stands elsewhere in the line. */
const hidden = new Set(['level', 'severity', 'time', 'message', 'stack_trace', 'plane', 'request_id']);

/** A line of the log, as JSON, for people: one line, when and how bad, then what; of a request, whose it is and what became of it. */
export function readable(json: string, isColoured: boolean): string {
  const line = JSON.parse(json) as Fields;
  const paint = (style: Style, text: string) =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  const level = text(line.level);
  const time = paint('gray', text(line.time).slice(11, 23));
  const told = line.message === 'request' ? request(line, paint) : sentence(line);
  return `${time} ${paint(styles[level] ?? 'white', level.toUpperCase().padEnd(5))} ${told}\n`;
}

function request(line: Fields, paint: (style: Style, text: string) => string): string {
  const {
    status,
    plan,
    problem,
    method,
    path,
    mac,
    machine,
    source,
    asset_name,
    bytes,
    reason,
    ms,
    hung_up,
  } = line;
  const verdict = [status, problem ?? plan, hung_up && 'hung up'].filter(Boolean).map(text).join(' ');
  const who = text(mac ?? machine ?? source);
  const what = [`${text(method)} ${text(path)}`, asset_name, bytes && `${text(bytes)} bytes`, reason];
  const said = what.filter(Boolean).map(text).join(', ');
  return `${paint(verdictStyle(Number(status)), verdict.padEnd(12))} ${paint('cyan', who)} ${said} ${paint('gray', `${text(ms)} ms`)}`;
}

function verdictStyle(status: number): Style {
  if (status >= 500) return 'red';
  return status >= 400 ? 'yellow' : 'green';
}

function sentence(line: Fields): string {
  const rest = Object.entries(line).filter(
    ([name]) => !hidden.has(name) && !name.startsWith('logging.googleapis.com/'),
  );
  const told = rest.map(([name, value]) => `${name}=${spoken(value)}`);
  return [text(line.message), ...told].join(' ');
}

/** An error is what it says; where it came from stands in the log as JSON. */
function spoken(value: unknown): string {
  const { message } = (value ?? {}) as { readonly message?: unknown };
  return text(message ?? (typeof value === 'object' ? JSON.stringify(value) : value));
}

function text(value: unknown): string {
  return String(value ?? '').replace(steering, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);
}
