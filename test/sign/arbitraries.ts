import fc from 'fast-check';

const label = fc
  .stringMatching(/^[a-z0-9][a-z0-9_-]{0,14}[a-z0-9]$/)
  .filter((text) => !text.startsWith('xn--'));

export const bucketName = fc.oneof(
  label,
  fc.array(label, { minLength: 2, maxLength: 3 }).map((labels) => labels.join('.')),
);

/** Any text, thick with what encoders get wrong. */
export const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...' /%+&=?#;:@!\'()*,[]"\\~._-<>^`{|}$',
        '%2F',
        '%252F',
        '%00',
        '//',
        '\t',
        'é',
        '日本',
        '🖥',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
      fc.stringMatching(/^[A-Za-z0-9]{1,8}$/),
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.join(''))
  .filter((joined) => joined.isWellFormed() && !joined.includes('\0'));

/** No `.` or `..` between slashes: URL parsers, and so Google's client, take those segments away. */
export const objectName = text.filter(
  (name) => name !== '' && !name.split('/').some((segment) => segment === '.' || segment === '..'),
);

export const query = fc
  .uniqueArray(
    fc.tuple(
      fc.oneof(
        fc.constantFrom('generation', 'response-content-type', 'response-content-disposition', 'userProject'),
        text.filter((name) => name !== '' && name !== '__proto__' && !/^x-goog-/i.test(name)),
      ),
      text,
    ),
    { maxLength: 3, selector: ([name]) => name.toLowerCase() },
  )
  .map((pairs) => Object.fromEntries(pairs));

export const headers = fc
  .uniqueArray(
    fc.tuple(
      fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/).filter((name) => !/^(host|__proto__)$/i.test(name)),
      fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
    ),
    { maxLength: 3, selector: ([name]) => name.toLowerCase() },
  )
  .map((pairs) => Object.fromEntries(pairs));

/** Later than any run of this suite, since Google's client refuses what is past. */
export const futureTime = fc.date({
  min: new Date('2100-01-01T00:00:00Z'),
  max: new Date('2899-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

export const lifetime = fc.integer({ min: 1, max: 604_800 });
