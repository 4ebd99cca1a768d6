import test from 'ava';
import type { Asset } from '../../../src/boot/asset/asset.ts';
import { nameAtVersion } from '../../../src/boot/asset/asset-name.ts';
import { parseAssetReference, taken } from '../../../src/boot/asset/asset-reference.ts';
import { asset } from '../../records/examples.ts';

const id = '0199a1b2-0000-7000-8000-00000000000a';

test('an asset is named by name and version, or by its id in either case, and by nothing else', (t) => {
  t.deepEqual(parseAssetReference('debian@12'), { name: 'debian', version: '12' });
  t.deepEqual(parseAssetReference(id.toUpperCase()), { id });
  for (const version of ['20230607+deb12u15', '1:6.1~rc1', '1.30+k3s1'])
    t.deepEqual(parseAssetReference(`debian@${version}`), { name: 'debian', version });
  t.deepEqual(parseAssetReference('debian@12/preseed.cfg'), {
    ...{ name: 'debian', version: '12', filename: 'preseed.cfg' },
  });
  for (const text of [
    'debian@12/',
    'debian@12/..',
    'debian@12/a/b',
    'debian@/a',
    'debian/a@12',
    'debian@12/a@b',
  ])
    t.is(parseAssetReference(text), undefined, text);
  // With a version it is a name, whatever it looks like.
  t.deepEqual(parseAssetReference(`${id}@1`), { name: id, version: '1' });
  for (const text of ['', 'debian', '@', 'a@b@c', `{${id}}`, id.replaceAll('-', ''), `${id} `])
    t.is(parseAssetReference(text), undefined, text);
});

test('what is not ready, is no such asset, or belongs elsewhere is told and never taken', (t) => {
  const place = { kind: 'kernel', arch: 'x86_64' } as const;
  const kernel: Asset = { ...asset(), kind: 'kernel', arch: 'x86_64', state: 'created' };
  const name = nameAtVersion(kernel);
  t.is(taken(name, place, kernel), `kernel ${name} for x86_64 is created`);
  t.regex(String(taken(name, place, undefined)), /^there is no kernel \S+ for x86_64: push it/);
  t.regex(String(taken(id, place, undefined)), /^there is no asset \S+: bootbroker asset list/);
  const wrong = { ...kernel, arch: 'arm64' } as const;
  t.is(
    taken(id, place, wrong),
    `asset ${id} is kernel ${name} for arm64, and a kernel for x86_64 is needed here`,
  );
});
