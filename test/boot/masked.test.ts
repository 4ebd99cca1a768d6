import test from 'ava';
import { masked } from '../../src/boot/masked.ts';

test('what is named like a secret is masked, however deep, and what only sounds like it is not', (t) => {
  const given = {
    name: 'debian',
    metadata: {
      root_password: 'hunter2',
      ssh: [{ private_key: 'k', public_key: 'p' }],
      boot_token: 't',
      tokens: 3,
    },
    cmdline: 'console=ttyS0 ds.password=hunter2 token="a b" quiet secret=x',
    sha256: 'ff',
    hash: 'ff',
    signed_url: 'https://s/?X-Goog-Signature=0aff',
    url: 'https://s/?a=1&X-Goog-Signature=0aff&b=2',
    secret: undefined,
    nothing: null,
    token: { id: 'x' },
  };
  t.deepEqual(masked(given), {
    name: 'debian',
    metadata: {
      root_password: '***',
      ssh: [{ private_key: '***', public_key: 'p' }],
      boot_token: '***',
      tokens: 3,
    },
    cmdline: 'console=ttyS0 ds.password=*** token=*** quiet secret=***',
    sha256: 'ff',
    hash: '***',
    signed_url: '***',
    url: 'https://s/?a=1&X-Goog-Signature=***&b=2',
    secret: undefined,
    nothing: null,
    token: '***',
  });
  t.is(masked(`Bearer bb_${'0'.repeat(32)}_${'f'.repeat(64)}.`), 'Bearer ***.');
});
