/**
 * Text from elsewhere, made harmless on one line of a terminal: control, format (bidirectional overrides among them)
 * and line-breaking characters become `\u{1b}`. Unicode general categories Cc, Cf, Cs, Zl, Zp.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
