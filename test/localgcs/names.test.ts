import { request } from 'node:http';
import test from 'ava';
import { BUCKET, storage } from './support.ts';

const O = `/storage/v1/b/${BUCKET}/o`;

test('a name that is not UTF-8 is refused wherever one may stand, and never read as another', async (t) => {
  const storing = await storage(t, { buckets: [BUCKET, 'other-bucket'] });
  await storing.put('x\u{fffd}', 'kept');
  const to = (name: string) => `/b/other-bucket/o/${name}`;
  const targets: [method: string, target: string, body?: string][] = [
    '%FF',
    '%FE',
    '%C3',
    '%ED%A0%80',
    '%',
    '%zz',
  ].flatMap((bad): [string, string, string?][] => [
    ['POST', `/upload${O}?uploadType=media&name=x${bad}`, 'other'],
    ['POST', `/upload${O}?uploadType=multipart&name=x${bad}`, 'other'],
    ['POST', `/upload${O}?uploadType=resumable&name=x${bad}`],
    ['POST', `/resumable/upload${O}?uploadType=resumable&name=x${bad}`],
    ['GET', `${O}?prefix=x${bad}`],
    ['GET', `${O}?startOffset=x${bad}`],
    ['GET', `${O}?endOffset=x${bad}`],
    ['GET', `${O}?delimiter=${bad}`],
    ['GET', `${O}?pageToken=${bad}`],
    ['GET', `/storage/v1/b?prefix=x${bad}`],
    ['GET', `${O}/x${bad}`],
    ['GET', `/download${O}/x${bad}?alt=media`],
    ['PATCH', `${O}/x${bad}`, '{"cacheControl":"evil"}'],
    ['DELETE', `${O}/x${bad}`],
    ['POST', `${O}/x${bad}/compose`, '{"sourceObjects":[]}'],
    ['POST', `${O}/x${bad}/rewriteTo${to('y')}`, '{}'],
    ['POST', `${O}/${encodeURIComponent('x\u{fffd}')}/copyTo${to(`x${bad}`)}`, '{}'],
    ['GET', `/${BUCKET}/x${bad}`],
    ['PUT', `/${BUCKET}/x${bad}`, 'other'],
    ['DELETE', `/${BUCKET}/x${bad}`],
  ]);
  for (const [method, target, body] of targets) {
    const { status, text } = await storing.admin(target, { method, ...(body && { body }) });
    t.is(status, 400, `${method} ${target}: ${text}`);
  }
  const { body } = await storing.admin(`${O}?prefix=x`);
  t.deepEqual(
    JSON.parse(body.toString()).items.map((item: { name: string }) => item.name),
    ['x\u{fffd}'],
  );
  t.is((await storing.admin(`/${BUCKET}/x%EF%BF%BD`)).text, 'kept');
});

test('a name in a body is refused if it is not UTF-8', async (t) => {
  const storing = await storage(t);
  await storing.put('x\u{fffd}', 'kept');
  const notUtf8 = (before: string, after: string) =>
    Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
  const related = { 'content-type': 'multipart/related; boundary=b' };
  const multipart = (metadata: Buffer) =>
    Buffer.concat([Buffer.from('--b\r\n\r\n'), metadata, Buffer.from('\r\n--b\r\n\r\nother\r\n--b--\r\n')]);
  const compose = `${O}/c/compose`;
  const asked = [
    await storing.admin(`/upload${O}?uploadType=multipart`, {
      method: 'POST',
      headers: related,
      body: multipart(notUtf8('{"name":"x', '"}')),
    }),
    await storing.admin(`/upload${O}?uploadType=multipart`, {
      method: 'POST',
      headers: related,
      body: multipart(Buffer.from('{"name":"x\\ud800"}')),
    }),
    await storing.admin(`/upload${O}?uploadType=resumable`, {
      method: 'POST',
      body: notUtf8('{"name":"x', '"}'),
    }),
    await storing.admin(`/upload${O}?uploadType=resumable`, { method: 'POST', body: '{"name":"x\\udfff"}' }),
    await storing.admin(compose, { method: 'POST', body: notUtf8('{"sourceObjects":[{"name":"x', '"}]}') }),
    await storing.admin(compose, { method: 'POST', body: '{"sourceObjects":[{"name":"x\\ud800"}]}' }),
  ];
  for (const { status, text } of asked) t.is(status, 400, text);
  const token = Buffer.from('["x\\ud800",""]').toString('base64url');
  t.is((await storing.admin(`${O}?pageToken=${token}`)).status, 400);
  const raw = notUtf8('["x', '",""]').toString('base64url');
  t.is((await storing.admin(`${O}?pageToken=${raw}`)).status, 400);
  t.is((await storing.admin(`/${BUCKET}/x%EF%BF%BD`)).text, 'kept');
});

test('a target with bytes that a URL must encode is refused', async (t) => {
  const { origin } = await storage(t);
  const { hostname, port } = new URL(origin);
  const status = await new Promise((resolve, reject) => {
    // Node sends what it takes for Latin-1 as it is.
    const asked = request({ hostname, port, path: `/${BUCKET}/x\u{ff}` }, (answer) =>
      resolve(answer.resume().statusCode),
    );
    asked.on('error', reject).end();
  });
  t.is(status, 400);
});

test('buckets are listed, by prefix and in pages', async (t) => {
  const { admin, ask } = await storage(t, { buckets: [BUCKET, 'other-a', 'other-b'] });
  const list = async (query: string) => JSON.parse((await admin(`/storage/v1/b?${query}`)).text);
  const names = (listing: { items?: { name: string }[] }) => (listing.items ?? []).map(({ name }) => name);
  const all = await list('project=any');
  t.like(all, { kind: 'storage#buckets', nextPageToken: undefined });
  t.like(all.items[0], { kind: 'storage#bucket', name: BUCKET });
  t.deepEqual(names(all), [BUCKET, 'other-a', 'other-b']);
  t.deepEqual(names(await list('prefix=other')), ['other-a', 'other-b']);
  t.deepEqual(await list('prefix=none'), { kind: 'storage#buckets' });
  const first = await list('maxResults=2');
  t.deepEqual(names(first), [BUCKET, 'other-a']);
  t.deepEqual(names(await list(`maxResults=2&pageToken=${first.nextPageToken}`)), ['other-b']);
  t.is((await ask('/storage/v1/b')).status, 401);
});
