import test from 'ava';
import fc from 'fast-check';
import { scrub, scrubber } from '../../../src/telemetry/log/scrub.ts';

test('what opens something is taken out of a text, whatever stands around it', (t) => {
  const url = 'http://s/b/o?X-Goog-Credential=A%2Fb&X-Goog-Expires=300&X-Goog-Signature=0aff&generation=1';
  t.is(scrub(url), 'http://s/b/o?X-Goog-Credential=...&X-Goog-Expires=300&X-Goog-Signature=...&generation=1');
  t.is(scrub('PUT http://s/b/o?upload_id=ABC-_1 failed'), 'PUT http://s/b/o?upload_id=... failed');
  t.is(scrub('location: "http://s/?x-goog-signature=0aff"'), 'location: "http://s/?x-goog-signature=..."');
  t.is(scrub('next=http%3A%2F%2Fs%2F%3Fupload_id%3DABC'), 'next=http%3A%2F%2Fs%2F%3Fupload_id%3D...');
  t.is(scrub(`/bb_${'0a'.repeat(16)}_${'ff'.repeat(32)} x`), `/bb_${'0a'.repeat(16)}_... x`);
  t.is(
    scrub('Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln, ?access_token=x'),
    'Bearer eyJ..., ?access_token=...',
  );
  t.is(
    scrub('X-Accel-Redirect: /_storage/17/b/assets/u/k?generation=17&X-Goog-Signature=0aff'),
    'X-Accel-Redirect: /_storage/17/b/assets/u/k?generation=17&X-Goog-Signature=...',
  );
  t.is(
    scrub('x-boot-edge: v1;kid=a;aud=boot;t=1;addr=::1;hw=;can=cache,follow;mac=AB-_9, mac=52:54:00'),
    'x-boot-edge: v1;kid=a;aud=boot;t=1;addr=::1;hw=;can=cache,follow;mac=..., mac=52:54:00',
  );
});

/** Each holds what nobody may read; so does it where it is a text in JSON, and where that is one in JSON again. */
const holding: readonly unknown[] = [
  'next=http%253A%252F%252Fs%253Fupload_id%253Dhush',
  'X-Goog-Signature: hush',
  "{'X-Goog-Signature': 'hush'}",
  'X-Amz-Signature=hush',
  'https://s/o?GoogleAccessId=a@b&Signature=hush',
  'https://example.org/?sig=hush&a=b',
  '?token=hush',
  'client_secret=hush&grant=x',
  'https://user:hush@example.org/x',
  `Bearer ${'hush'.repeat(4)}`,
  `authorization: basic ${'hush'.repeat(5)}==`,
  'ya29.a0AfH6SMhush-_x',
  '-----BEGIN PRIVATE KEY-----\nMIIhush\n-----END PRIVATE KEY-----',
  'v1%3Bkid%3Da%3Baud%3Dboot%3Bcan%3Dcache%2Cfollow%3Bmac%3Dhush',
  { headers: { authorization: 'hush "quoted" hush' } },
  { headers: { 'X-Accel-Redirect': '/_storage/hush' } },
  { list: [{ deep: { session_uri: 'http://s/hush' } }, { signedUrl: 'http://s/hush' }] },
  { 'set-cookie': ['a=hush'] },
  { password: 'hush' },
  { Location: 'http://s/hush' },
];

test('nothing of it is left, in any spelling, at any depth; and a line of JSON stays one', (t) => {
  for (const held of holding) {
    const lines = [held, [held], { a: { b: [held] } }, { text: JSON.stringify(held) }];
    for (const line of lines) {
      const text = JSON.stringify(line);
      const scrubbed = scrub(text);
      t.false(scrubbed.includes('hush'), scrubbed);
      t.notThrows(() => JSON.parse(scrubbed), `${text} became ${scrubbed}`);
    }
    if (typeof held === 'string') t.false(scrub(held).includes('hush'), held);
  }
});

test('what only looks so stays as it is', (t) => {
  for (const text of [
    'an upload_id is fine',
    'Send Authorization: Bearer with the token of BROKER_METRICS_TOKEN.',
    '/boot.ipxe?mac=52:54:00:aa:bb:01&serial=SN%201',
    'bootbroker token create --name ci',
    '{"target":"token 019abcde","action":"token.create","reason":"grub does not follow redirects"}',
    'http://127.0.0.1:8080/asset/1/kernel',
    'location, location',
  ])
    t.is(scrub(text), text);
});

test('whatever is logged, its line stays JSON', (t) => {
  const word = fc.constantFrom(
    ...['X-Goog-Signature', 'upload_id', 'token', 'Bearer ', 'authorization', '-----BEGIN PRIVATE KEY-----'],
    ...[
      '=',
      '%3D',
      ':',
      '"',
      "'",
      '\\',
      '\\"',
      '\n',
      ';can=;mac=',
      '://',
      '@',
      'eyJ',
      'a.b',
      ',',
      '{',
      '[',
      ' ',
    ],
  );
  const text = fc
    .array(fc.oneof(word, fc.string({ maxLength: 4 })), { maxLength: 12 })
    .map((parts) => parts.join(''));
  const { tie } = fc.letrec((tie) => ({
    tie: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.array(tie('tie'), { maxLength: 3 }),
      fc.dictionary(text, tie('tie'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(tie, (value) => {
      JSON.parse(scrub(JSON.stringify(value)));
    }),
  );
  t.pass();
});

test('texts that are known to be secret stay out, whatever they look like', (t) => {
  const { hide, scrub: hidden } = scrubber();
  for (const secret of ['an"odd\\one-of-sixteen', 'plain words']) hide(secret);
  t.is(hidden('{"user_agent":"plain words, twice: plain words"}'), '{"user_agent":"..., twice: ..."}');
  t.is(hidden(JSON.stringify({ path: 'an"odd\\one-of-sixteen' })), '{"path":"..."}');
  t.is(hidden('?q=an%22odd%5Cone-of-sixteen'), '?q=...');
});
