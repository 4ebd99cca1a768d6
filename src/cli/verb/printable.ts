/** Control, format (bidirectional overrides among them) and line-breaking characters: Unicode's Cc, Cf, Cs, Zl, Zp. */
export const steering = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text from elsewhere, made harmless on one line of a terminal: what could steer it becomes `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(steering, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** A line of JSON, made harmless in the same way: by JSON's own escapes (RFC 8259 section 7), so that it says what it said. */
export function jsonLine(value: unknown): string {
  const escaped = JSON.stringify(value).replace(steering, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
  return `${escaped}\n`;
}
