import { namesSecret } from './names.ts';

/** Puts something in the place of a secret. */
export type Hide = (secret: string) => string;

/**
 * What is a secret by its shape or by what stands before it, wherever it is in a text. Each keeps what stands `before` and `after`
 * the `secret`; where it has a `name`, that has to say that it is one. No pattern may cost more than some steps for each character.
 */
const shapes: readonly RegExp[] = [
  // PEM (RFC 7468)
  /(?<before>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?<secret>[\s\S]*?)(?<after>-----END|$)/g,
  // API tokens: our own, GitHub's, GitLab's, Google's, K3s's; JSON Web Tokens
  /\b(?<secret>bb_[0-9a-f]{32}_[0-9a-f]+)/g,
  /\b(?<secret>gh[pousr]_\w{30,}|glpat-[\w-]{20,}|ya29\.[\w-]{20,}|K10[0-9a-f]{64}::\S+)/g,
  /\b(?<secret>eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/g,
  // crypt(5), and as GRUB writes it
  /(?<before>\$(?:\d|2[abxy]|g?y|apr1|sha1|argon2\w{1,2}|scrypt|pbkdf2[\w-]{0,16})\$)(?<secret>\*{3}|[^\s"'`,;:]{8,})/g,
  /(?<before>grub\.pbkdf2\.\w{1,16}\.\d{1,16}\.)(?<secret>\*{3}|[\da-f.]+)/gi,
  // user:password@, of a URL (RFC 3986 section 3.2.1), encoded, as dracut.cmdline(7) has it, and of a proxy without a scheme
  /(?<before>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/)(?<secret>[^\s/?#"'<>]+)(?<after>@)/gi,
  /(?<before>%3A%2F%2F)(?<secret>(?:(?!%40)[^\s&?#]){1,512})(?<after>%40)/gi,
  /(?<before>(?<!\w)(?:iscsi|cifs|smb|nbd|nfs):)(?<secret>\*{3}|[^\s:@/"']{1,128}:[^\s@"']{0,256})(?<after>@)/gi,
  /(?<before>^|[\s=,"'(])(?!(?:iscsi|cifs|smb|nbd|nfs):)(?<secret>\*{3}|[^\s:/@="',()]{1,128}:[^\s/@"']{1,256})(?<after>@(?=[\w[$*]))/gm,
  // HTTP (RFC 9110 section 11.6.2), and curl's way of saying it
  /(?<before>\b(?:proxy-)?authorization["']?[ \t]*[:=][ \t]*["']?)(?<secret>[^"'\r\n]+)/gi,
  /(?<before>\bBearer[ \t]+)(?<secret>\*{3}|[^\s"',;]{8,})/gi,
  /(?<before>\bBasic[ \t]+)(?<secret>(?=[a-z+/]{0,512}[\d=])[\w+/]{8,}={0,2})/gi,
  /(?<before>(?:^|\s)(?:-u|--user|--proxy-user)[ =])(?<secret>\*{3}|[^\s:]{1,128}:\S+)/gm,
  // preseed, Kickstart, iPXE, options with a space
  /(?<before>^[ \t]*\S+[ \t]+\S+[ \t]+password[ \t]+)(?<secret>\S.*)$/gm,
  /(?<before>^[ \t]*\S+[ \t]+(?<name>\S+)[ \t]+(?:string|text)[ \t]+)(?<secret>\S.*)$/gm,
  /(?<before>^[ \t]*(?:rootpw|sshpw|grubpw)[ \t]+)(?<secret>\S.*)$/gm,
  /(?<before>\bset[ \t]+(?<name>[\w./:-]+)[ \t]+)(?<secret>\S.*)$/gm,
  /(?<before>(?<![\w-])--?(?<name>[a-z][\w-]*)[ \t]+)(?<secret>"[^"\n]*"|'[^'\n]*'|[^\s-]\S*)/gi,
];

/** A text without the secrets that show by themselves. */
export function withoutShapes(text: string, hide: Hide): string {
  return shapes.reduce((before, shape) => before.replaceAll(shape, (...match) => hidden(match, hide)), text);
}

function hidden(match: readonly unknown[], hide: Hide): string {
  const { before = '', secret = '', after = '', name } = match.at(-1) as Readonly<Record<string, string>>;
  if (name !== undefined && !namesSecret(name)) return String(match[0]);
  return `${before}${hide(secret)}${after}`;
}
