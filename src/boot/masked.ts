const secretKey =
  /(pass(word|wd|phrase)?|secret|token|credentials?|signature|signed_url|hash|(private|api|access)_?key)$/i;
const secretAssignment =
  /\b([\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|signature|(?:private|api|access)_?key))=("[^"]*"|[^\s&]+)/gi;
const bearer = /\bbb_[0-9a-f]{32}_[0-9a-f]+/g;
const mask = '***';

/** A copy of JSON for eyes that may see no secret: what is named like one, or looks like one in a command line or URL, is masked. */
export function masked(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replaceAll(bearer, mask).replaceAll(secretAssignment, `$1=${mask}`);
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      secretKey.test(key) && one !== undefined ? mask : masked(one),
    ]),
  );
}
