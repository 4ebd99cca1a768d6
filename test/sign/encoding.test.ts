import test from 'ava';
import fc from 'fast-check';
import type { Received } from '../../src/sign/verify.ts';
import { text } from './arbitraries.ts';
import { hmac, rsa } from './keys.ts';
import { retarget, signed, verify } from './signed.ts';

/** iPXE before 2021-11: path and query percent-decoded, then little more than `#:@?`, `%` and space encoded again. */
function throughOldIpxe(received: Received): Received {
  const [path = '', query = ''] = received.target.split('?');
  const recode = (part: string) =>
    [...Buffer.from(decodeURIComponent(part))]
      .map((byte) => String.fromCharCode(byte))
      .map((character) =>
        /[^!-~]|[#:@?%]/.test(character)
          ? `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
          : character,
      )
      .join('');
  return { ...received, target: `${recode(path)}?${recode(query)}` };
}

test('a URL that old iPXE re-encoded opens the very same object', async (t) => {
  const object = 'a+b/c d%2Fe%/ü&{f}:@?#;=.efi';
  const query = { 'response-content-disposition': 'attachment; filename="a+b/c %41.efi"' };
  for (const signer of [hmac, rsa]) {
    const received = await signed({ object, query }, signer);
    const mangled = throughOldIpxe(received);
    t.not(mangled.target, received.target);
    t.regex(mangled.target, /Credential=[^&%]+(%40[^&%]+)?\/20260506\/auto\/storage\/goog4_request/);
    t.like(verify(mangled), { ok: true, object, query: new Map(Object.entries(query)) });
  }
});

test('any encoding of the same decoded URL opens the same name, and the name is decoded once', async (t) => {
  const anyway = fc.record({
    object: text.filter((name) => name !== ''),
    value: text,
    dice: fc.infiniteStream(fc.nat(3)),
  });
  await fc.assert(
    fc.asyncProperty(anyway, async ({ object, value, dice }) => {
      const received = await signed({ object, query: { prefix: value } });
      const target = received.target.replace(/%[0-9A-F]{2}|[^/?&=%]/g, (unit) => {
        const { value: roll } = dice.next();
        if (unit.length === 3) return roll === 0 ? unit.toLowerCase() : unit;
        return roll === 0 ? `%${unit.charCodeAt(0).toString(16)}` : unit;
      });
      t.like(verify({ ...received, target }), { ok: true, object, query: new Map([['prefix', value]]) });
    }),
    { numRuns: 300 },
  );
});

test('a plus is a plus: it neither stands for a space nor is stood for by one', async (t) => {
  const plus = await signed({ object: 'a+b' });
  t.like(verify(retarget(plus, 'a%2Bb', 'a+b')), { ok: true, object: 'a+b' });
  t.like(verify(retarget(plus, 'a%2Bb', 'a%20b')), { ok: false, failure: { kind: 'wrong-signature' } });
  const space = await signed({ object: 'a b' });
  t.like(verify(retarget(space, 'a%20b', 'a+b')), { ok: false, failure: { kind: 'wrong-signature' } });
});

test('an escaped escape is decoded once, never twice', async (t) => {
  const received = await signed({ object: 'a%2Fb' });
  t.true(received.target.includes('a%252Fb'));
  t.like(verify(received), { ok: true, object: 'a%2Fb' });
  t.like(verify(retarget(received, 'a%252Fb', 'a%2Fb')), { ok: false, failure: { kind: 'wrong-signature' } });
  const slash = await signed({ object: 'a/b' });
  t.like(verify(retarget(slash, 'a/b', 'a%2fb')), { ok: true, object: 'a/b' });
  t.like(verify(retarget(slash, 'a/b', 'a%252Fb')), { ok: false, failure: { kind: 'wrong-signature' } });
});
