import { namesSecret } from './names.ts';
import type { Hide } from './shapes.ts';

/** `name=`, `name = `, `name: `, `"name":`, and `name%3D` in a URL within a URL. */
const assignment =
  /(?<![\w./-])(["']?)([\w./-]+)(["'\]]?)(?:[ \t]*=[ \t]*|[ \t]*:[ \t]+|[ \t]*:(?=["'])|(?<=["']):|:(?=\r?\n)|%3D)/gi;

/** A word as the kernel reads it: quotes keep spaces within (kernel/params.c), and so do a template's braces. */
const word = /(?:\{\{[^}\n]*\}\}|"[^"\n]*"?|'[^'\n]*'?|\\[^\n]|[^\s"'])+/y;
const inUrl = /(?:(?!%26)[^\s&#"'<>])+/gy;
const inDouble = /[^"\n]+/y;
const inSingle = /[^'\n]+/y;
const quoted = /"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?/y;
const scalar = /[^,}\]\r\n]+/y;

/** A text without the values of what is named like a secret: on command lines, in URLs, in YAML, JSON, INI. */
export function withoutAssigned(text: string, hide: Hide): string {
  let shown = '';
  let at = 0;
  for (const match of text.matchAll(assignment)) {
    const [whole, opening = '', name = '', closing = ''] = match;
    const within = closing === opening ? '' : opening; // quotes round name and value
    const start = match.index + whole.length;
    if (match.index < at) continue; // within a value that is hidden
    const isKey = name.toLowerCase() === 'key';
    if (!isKey && !namesSecret(name)) continue;
    const url = isInUrl(text, match.index);
    if (isKey && !url) continue;
    const end =
      within !== ''
        ? endOf(within === '"' ? inDouble : inSingle, text, start)
        : whole.includes(':')
          ? endOfEntry(text, match.index, start, opening !== '')
          : endOf(url ? inUrl : word, text, start);
    if (end === start) continue;
    const below = /[\r\n]/.test(text[start] ?? '') ? ' ' : ''; // YAML wants it
    shown += text.slice(at, start) + below + hide(text.slice(start, end));
    at = end;
  }
  return shown + text.slice(at);
}

/** Of YAML or JSON: a quoted text, else the line and all that is indented below it. */
function endOfEntry(text: string, name: number, start: number, isJson: boolean): number {
  const first = text[start] ?? '';
  if (first === '"' || first === "'") return endOf(quoted, text, start);
  if (isJson && first !== '{' && first !== '[') return endOf(scalar, text, start);
  const lineStart = text.lastIndexOf('\n', name - 1) + 1;
  const indent = /^[ \t]*(?:- )?[ \t]*/.exec(text.slice(lineStart, name))?.[0].length ?? 0;
  let end = endOfLine(text, start);
  for (;;) {
    const next = endOfLine(text, end + 1);
    const line = text.slice(end + 1, next);
    if (end >= text.length || (line.trim() !== '' && line.search(/[^ \t]/) <= indent)) return end;
    end = next;
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start;
}

/** Whether the word up to here is a URL, of which one parameter ends where the next begins. */
function isInUrl(text: string, at: number): boolean {
  let from = at;
  while (from > 0 && at - from < 4096 && !/[\s"'<>]/.test(text[from - 1] ?? '')) from -= 1;
  return /:\/\/|^\?|%3A%2F%2F/i.test(text.slice(from, at));
}
