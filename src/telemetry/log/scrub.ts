/** `=`, however often it was encoded. */
const equals = '(?:=|%(?:25)*3D)';
const value = String.raw`[^&\s"'\\<>;,]+`;

/** What opens something, or signs for somebody: in a URL, in a header, as a field. */
const signatures =
  'X-Goog-(?:Signature|Credential|Security-Token)|X-Amz-(?:Signature|Credential|Security-Token)|X-Goog-Encryption-Key|upload_?id';
const words =
  'access_?token|id_?token|refresh_?token|client_?secret|assertion|signature|sig|token|password|passwd|secret|api_?key';
/** Fields, and headers, of which all is secret. */
const whole =
  'authorization|proxy-authorization|x-serverless-authorization|cookie|set-cookie|location|x-accel-redirect|x-boot-edge|signed_?url|session_?uri';
const fields = `${signatures}|${words}|${whole}`;

const rules: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`((?:${signatures})(?:${equals}|\s*:\s*))${value}`, 'gi'), '$1...'],
  [new RegExp(String.raw`('(?:${fields})'\s*:\s*')[^'"\\]*`, 'gi'), '$1...'],
  [new RegExp(`((?<![A-Za-z0-9])(?:${words})${equals})${value}`, 'gi'), '$1...'],
  [new RegExp(String.raw`("(?:${fields})"\s*:\s*\[?\s*")(?:[^"\\]|\\.)*`, 'gi'), '$1...'],
  // In JSON that is a text in JSON, all that follows in the text: where the field ends there, its quotes do not say.
  [new RegExp(String.raw`(\\+"(?:${fields})\\+"\s*:\s*\[?\s*\\+")(?:[^"\\]|\\.)*`, 'gi'), '$1...'],
  [/\b(Bearer|Basic)(\s+|%20|\+)(?!eyJ)[\w.~+/=-]{16,}/gi, '$1$2...'],
  [/((?:;|%3B)can(?:=|%3D)[a-z,%0-9]*?(?:;|%3B)mac(?:=|%3D))[\w-]+/gi, '$1...'],
  [/\bbb_([0-9a-f]{32})_[0-9a-f]+/g, 'bb_$1_...'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, 'eyJ...'],
  [/\bya29\.[\w.-]+/g, 'ya29....'],
  [/(:\/\/)[^/\s:@"'\\]+:[^/\s@"'\\]+@/g, '$1...@'],
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:[^"\\-]|\\.|-(?!----END))*/g, '$1...'],
];

/** What one of them needs at least, in small letters. Most lines have none of it, and cost no more than this look. */
const suspicious =
  /[=%]|token|secret|goog|amz|auth|signat|sig"|assertion|passw|api_?key|cookie|location|accel|x-boot|signed|session|upload|bearer|basic|bb_|eyj|ya29|private|:\/\//;

/** Takes out of a text, of a line of JSON too, whatever opens what it names until it expires: it stays out of every log. */
export function scrub(text: string): string {
  if (!suspicious.test(text.toLowerCase())) return text;
  return rules.reduce((scrubbed, [form, instead]) => scrubbed.replace(form, instead), text);
}

/** Scrubs, and leaves out besides what it was told to hide: texts whose looks say nothing. */
export interface Scrubber {
  scrub(text: string): string;
  hide(secret: string): void;
}

export function scrubber(): Scrubber {
  const hidden = new Set<string>();
  return {
    scrub(text) {
      let rest = text;
      for (const form of hidden) if (rest.includes(form)) rest = rest.replaceAll(form, '...');
      return scrub(rest);
    },
    hide(secret) {
      const spellings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
      for (const one of spellings) hidden.add(one);
    },
  };
}
