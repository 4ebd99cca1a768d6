import test from 'ava';
import { cloudFor } from './cloud.ts';
import { diagnosis, failsOnce, proxy, xmlError } from './support.ts';

test.serial('with an HMAC key all is well, and nothing is left behind', async (t) => {
  const cloud = await cloudFor(t);
  const found = await diagnosis({ ...cloud.settings, ...cloud.hmac });
  t.deepEqual(found.failed, []);
  t.deepEqual(found.skipped, ['indexes', 'https', 'private access', 'boot URL']);
  t.regex(found.text('credentials'), /an access token of broker@project/);
  t.regex(found.text('signing keys'), /hmac as GOOG1EACCESSIDOFTHETESTS$/);
  t.notRegex(found.text('signer hmac'), /small buffers/);
  t.deepEqual(await cloud.objects(), []);
});

test.serial(
  'with a key file all is well; an HMAC key beside it is tried too, and is recommended',
  async (t) => {
    const cloud = await cloudFor(t);
    const found = await diagnosis({ ...cloud.settings, ...cloud.rsa });
    t.deepEqual(found.failed, []);
    t.regex(found.text('signer rsa'), /small buffers wants half .*\(BROKER_HMAC_ACCESS_ID\)/);

    const both = await diagnosis({ ...cloud.settings, ...cloud.hmac, ...cloud.rsa });
    t.deepEqual(both.failed, []);
    t.true(both.passed.includes('signer rsa') && both.passed.includes('signer hmac'));
  },
);

test.serial('with signBlob all is well', async (t) => {
  const cloud = await cloudFor(t);
  const found = await diagnosis({ ...cloud.settings, ...cloud.iamSigner });
  t.deepEqual(found.failed, []);
  t.regex(found.text('signing keys'), /iam as broker@project/);
});

test.serial('what re-encoding does is compared with BROKER_STORAGE_REENCODED', async (t) => {
  const cloud = await cloudFor(t);
  const accepting = { ...cloud.settings, ...cloud.hmac };
  const origin = await proxy(t, cloud.origin, ({ url }) =>
    url.includes('/storage/goog4_request') ? xmlError(403, 'SignatureDoesNotMatch', 'no') : undefined,
  );
  const refusing = { ...accepting, BROKER_STORAGE_ENDPOINT: origin };
  const set = { BROKER_STORAGE_REENCODED: 'accepted' };

  const better = await diagnosis(accepting);
  t.deepEqual(better.failed, []);
  t.regex(better.text('re-encoded URL'), /set BROKER_STORAGE_REENCODED=accepted, and it is redirected/);
  t.regex((await diagnosis({ ...accepting, ...set })).text('re-encoded URL'), /accepted, as BROKER_/);
  const asSet = await diagnosis(refusing);
  t.deepEqual(asSet.failed, []);
  t.regex(asSet.text('re-encoded URL'), /^refused, as BROKER_STORAGE_REENCODED says/);
  const wrong = await diagnosis({ ...refusing, ...set });
  failsOnce(t, wrong, 're-encoded URL', /403 SignatureDoesNotMatch.* set BROKER_STORAGE_REENCODED=refused/);
});

test.serial('what a grant does not hold its owner to is told', async (t) => {
  const cloud = await cloudFor(t);
  const upload = async (atEnd: number) => {
    const starts = new Map<string, number>();
    const origin = await proxy(t, cloud.origin, ({ method, url, headers }) => {
      const [path = ''] = url.split('?');
      if (url.includes('upload_id=laxly') || (path.endsWith('/short') && method === 'PUT'))
        return { status: path.endsWith('/short') ? 200 : atEnd };
      if (method !== 'POST' || !headers['x-goog-resumable']) return undefined;
      starts.set(url, (starts.get(url) ?? 0) + 1);
      const location = `http://${headers.host}${path}?upload_id=laxly`;
      return starts.get(url) === 2 ? { status: 201, headers: { location } } : undefined;
    });
    const settings = { ...cloud.settings, ...cloud.hmac, BROKER_STORAGE_ENDPOINT: origin };
    const found = await diagnosis(settings);
    t.deepEqual(found.failed, []);
    return found.text('upload');
  };
  t.regex(await upload(200), /generation-match is not respected: .*length is not respected:/);
  t.regex(await upload(412), /generation-match is respected at the end/);
});

test.serial('an upload that is not taken says whom to grant what', async (t) => {
  const cloud = await cloudFor(t);
  const origin = await proxy(t, cloud.origin, ({ headers }) =>
    headers['x-goog-resumable']
      ? xmlError(403, 'AccessDenied', 'no storage.objects.create access')
      : undefined,
  );
  const found = await diagnosis({ ...cloud.settings, ...cloud.hmac, BROKER_STORAGE_ENDPOINT: origin });
  failsOnce(t, found, 'upload', /roles\/storage\.objectAdmin on gs:\/\/boot-assets .* GOOG1E.*BROKER_SIGNER/);
});
