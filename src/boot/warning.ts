/**
 * What a write is done in spite of, and whoever asked for it should know: one table, so that the types are stable. On the wire the
 * type is `urn:bootbroker:warning:NAME`, as problems have theirs.
 */
export const warnings = {
  'initrd-word': 'A word of the command line asks for an initrd that the broker does not load',
  'open-secret': 'What looks like a secret goes to every host that may boot',
  'cmdline-cut': 'The end of the command line is cut on some firmware',
  'program-packed': 'The program is packed, and nothing unpacks it',
  placeholder: 'A UUID or serial number is one that firmware says where nobody set one',
} as const;

export interface Warning {
  readonly type: `urn:bootbroker:warning:${keyof typeof warnings}`;
  /** What is so, of what, and what comes of it; it never holds a secret. */
  readonly detail: string;
}

export function warning(name: keyof typeof warnings, detail: string): Warning {
  return { type: `urn:bootbroker:warning:${name}`, detail };
}

/** How many one answer carries: a rule may be about every machine. */
const mostWarnings = 100;

/** Each once, the first of them: what is so for a thousand machines is told once. */
export function distinct(found: readonly Warning[]): readonly Warning[] {
  const byDetail = new Map(found.map((one) => [`${one.type} ${one.detail}`, one]));
  return [...byDetail.values()].slice(0, mostWarnings);
}
