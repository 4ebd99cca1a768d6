import test from 'ava';
import { BUCKET, bytes, type Client, crc, md5, storage } from './support.ts';

const O = `/storage/v1/b/${BUCKET}/o`;
const path = (name: string) => `${O}/${encodeURIComponent(name)}`;

/** Asks with the token, in JSON. */
async function json({ admin }: Client, method: string, target: string, body?: object) {
  const headers = { 'content-type': 'application/json' };
  const answered = await admin(target, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: answered.status, body: answered.text === '' ? undefined : JSON.parse(answered.text) };
}

test('an object is shown as Google shows it', async (t) => {
  const storing = await storage(t);
  const data = bytes(1000);
  await storing.put('dir/a b', data, 'application/efi');
  const { body } = await json(storing, 'GET', path('dir/a b'));
  t.like(body, {
    kind: 'storage#object',
    id: `${BUCKET}/dir/a b/${body.generation}`,
    name: 'dir/a b',
    bucket: BUCKET,
    metageneration: '1',
    contentType: 'application/efi',
    storageClass: 'STANDARD',
    size: '1000',
    md5Hash: md5(data),
    crc32c: crc(data),
    selfLink: `${storing.origin}${path('dir/a b')}`,
  });
  // Microseconds, near now.
  t.true(Math.abs(Number(body.generation) / 1000 - Date.now()) < 3_600_000);
  t.like((await json(storing, 'GET', `/storage/v1/b/${BUCKET}`)).body, {
    kind: 'storage#bucket',
    name: BUCKET,
  });
});

test('errors have the shape that Google gives them', async (t) => {
  const storing = await storage(t);
  const missing = await json(storing, 'GET', path('none'));
  t.is(missing.status, 404);
  t.deepEqual(missing.body, {
    error: {
      code: 404,
      message: `No such object: ${BUCKET}/none`,
      errors: [{ message: `No such object: ${BUCKET}/none`, domain: 'global', reason: 'notFound' }],
    },
  });
  t.is((await json(storing, 'GET', '/storage/v1/b/other')).status, 404);
  t.is((await json(storing, 'GET', '/storage/v1/b/other/o')).status, 404);
  t.is((await json(storing, 'GET', '/storage/v1/nonsense')).status, 404);
  t.is((await json(storing, 'GET', `${path('none')}?generation=x`)).status, 400);
  t.is((await json(storing, 'GET', `${O}?matchGlob=*`)).status, 501);
});

test('the bytes come by alt=media and by /download, with Range', async (t) => {
  const storing = await storage(t);
  const data = bytes(1000);
  const { generation } = await storing.put('kernel', data);
  for (const target of [
    `${path('kernel')}?alt=media`,
    `/download${path('kernel')}?generation=${generation}&alt=media`,
  ]) {
    const whole = await storing.admin(target);
    t.deepEqual(whole.body, data);
    t.is(whole.headers['x-goog-hash'], `crc32c=${crc(data)},md5=${md5(data)}`);
    const part = await storing.admin(target, { headers: { range: 'bytes=5-9' } });
    t.is(part.status, 206);
    t.deepEqual(part.body, data.subarray(5, 10));
    t.is((await storing.admin(target, { headers: { range: 'bytes=1000-' } })).status, 416);
  }
});

test('an insert is media or multipart, whatever quotes the boundary wears', async (t) => {
  const storing = await storage(t);
  const data = Buffer.concat([bytes(200_000), Buffer.from('\r\n--=='), Buffer.from('\r\n--==b')]);
  for (const [boundary, quoted, end] of [
    ['==bound', "'==bound'", '\n'],
    ['==bound', '"==bound"', '\r\n'],
    ['abc', 'abc', '\r\n'],
  ] as const) {
    const metadata = {
      name: 'multi',
      contentType: 'application/efi',
      md5Hash: md5(data),
      metadata: { colour: 'blue' },
    };
    const lines = [
      `--${boundary}${end}Content-Type: application/json${end}${end}${JSON.stringify(metadata)}`,
      `${end}--${boundary}${end}Content-Type: text/plain${end}Content-Transfer-Encoding: binary${end}${end}`,
      `${end}--${boundary}--${end}`,
    ];
    const [head = '', middle = '', tail = ''] = lines;
    const body = Buffer.concat([Buffer.from(head + middle), data, Buffer.from(tail)]);
    const headers = { 'content-type': `multipart/related; boundary=${quoted}` };
    const target = `/upload${O}?uploadType=multipart`;
    const inserted = await storing.admin(target, { method: 'POST', headers, body });
    t.is(inserted.status, 200, inserted.text);
    t.like(JSON.parse(inserted.text), { name: 'multi', contentType: 'application/efi', crc32c: crc(data) });
    t.deepEqual((await storing.admin(`${path('multi')}?alt=media`)).body, data);

    const open = body.subarray(0, body.length - 10);
    t.is((await storing.admin(target, { method: 'POST', headers, body: open })).status, 400);
    const lying = Buffer.from(
      body.toString('latin1').replace(md5(data), md5(Buffer.from('other'))),
      'latin1',
    );
    t.is((await storing.admin(target, { method: 'POST', headers, body: lying })).status, 400);
  }
  t.is((await storing.admin(`/upload${O}?uploadType=other`, { method: 'POST' })).status, 400);
});

test('a resumable insert goes by its session alone, which needs no token', async (t) => {
  const storing = await storage(t);
  const data = bytes(600_000);
  for (const prefix of ['/upload', '/resumable/upload']) {
    const headers = { 'x-upload-content-type': 'application/efi', 'x-upload-content-length': '600000' };
    const body = JSON.stringify({ name: 'kernel', cacheControl: 'no-cache', crc32c: crc(data) });
    const started = await storing.admin(`${prefix}${O}?uploadType=resumable`, {
      method: 'POST',
      headers,
      body,
    });
    t.is(started.status, 200, started.text);
    const session = (started.headers.location ?? '').slice(storing.origin.length);
    const chunk = { 'content-range': 'bytes 0-262143/600000' };
    const first = await storing.ask(session, {
      method: 'PUT',
      headers: chunk,
      body: data.subarray(0, 262_144),
    });
    t.is(first.status, 308);
    t.is(first.headers.range, 'bytes=0-262143');
    const rest = { 'content-range': 'bytes 262144-*/600000' };
    const done = await storing.ask(session, { method: 'PUT', headers: rest, body: data.subarray(262_144) });
    t.is(done.status, 200, done.text);
    t.like(JSON.parse(done.text), {
      name: 'kernel',
      cacheControl: 'no-cache',
      contentType: 'application/efi',
      size: '600000',
    });
    t.is(
      (await storing.ask(session, { method: 'PUT', headers: { 'content-range': 'bytes */600000' } })).status,
      200,
    );
    const another = await storing.admin(`${prefix}${O}?uploadType=resumable&name=x`, { method: 'POST' });
    const unwanted = (another.headers.location ?? '').slice(storing.origin.length);
    t.is((await storing.ask(unwanted, { method: 'DELETE' })).status, 499);
  }
});

test('listings know prefix, delimiter, pages and offsets', async (t) => {
  const storing = await storage(t);
  const names = ['a', 'a/', 'a/1', 'a/2', 'a/b/3', 'b', 'c/d/e', '\u{fffd}', '\u{1f600}'];
  for (const name of [...names].reverse()) await storing.put(name, name);
  const listing = async (query: Record<string, string>) => {
    const items: string[] = [];
    const prefixes: string[] = [];
    let pages = 0;
    for (let pageToken: string | undefined = ''; pageToken !== undefined; pages += 1) {
      const target = `${O}?${new URLSearchParams({ ...query, ...(pageToken && { pageToken }) })}`;
      const { status, body } = await json(storing, 'GET', target);
      t.is(status, 200);
      items.push(...(body.items ?? []).map((item: { name: string }) => item.name));
      prefixes.push(...(body.prefixes ?? []));
      pageToken = body.nextPageToken;
    }
    return { items, prefixes, pages };
  };
  t.deepEqual(await listing({}), { items: names, prefixes: [], pages: 1 });
  t.deepEqual(await listing({ prefix: 'a/' }), {
    items: ['a/', 'a/1', 'a/2', 'a/b/3'],
    prefixes: [],
    pages: 1,
  });
  const top = { items: ['a', 'b', '\u{fffd}', '\u{1f600}'], prefixes: ['a/', 'c/'] };
  t.deepEqual(await listing({ delimiter: '/' }), { ...top, pages: 1 });
  for (const maxResults of ['1', '2', '3', '5']) {
    const pages = Math.ceil(6 / Number(maxResults));
    t.deepEqual(await listing({ delimiter: '/', maxResults }), { ...top, pages }, maxResults);
    const all = Math.ceil(names.length / Number(maxResults));
    t.deepEqual(await listing({ maxResults }), { items: names, prefixes: [], pages: all });
  }
  t.deepEqual(await listing({ delimiter: '/', prefix: 'a/' }), {
    items: ['a/', 'a/1', 'a/2'],
    prefixes: ['a/b/'],
    pages: 1,
  });
  t.deepEqual(await listing({ delimiter: '/', includeTrailingDelimiter: 'true' }), {
    items: ['a', 'a/', 'b', '\u{fffd}', '\u{1f600}'],
    prefixes: ['a/', 'c/'],
    pages: 1,
  });
  t.deepEqual((await listing({ startOffset: 'a/2', endOffset: 'c' })).items, ['a/2', 'a/b/3', 'b']);
  t.deepEqual((await listing({ prefix: 'zzz' })).items, []);
  t.is((await json(storing, 'GET', `${O}?pageToken=nonsense`)).status, 400);
});

test('a patch merges, ignores what is read-only, and makes a new metageneration', async (t) => {
  const storing = await storage(t);
  const before = await storing.put('kernel', 'bytes', 'text/plain');
  const patch = async (body: object, query = '') =>
    await json(storing, 'PATCH', `${path('kernel')}${query}`, body);
  const first = await patch({
    cacheControl: 'no-cache',
    metadata: { a: '1', b: '2' },
    size: '7',
    generation: '3',
    crc32c: 'x',
  });
  t.is(first.status, 200);
  t.like(first.body, {
    generation: before.generation,
    metageneration: '2',
    size: '5',
    crc32c: before.crc32c,
  });
  t.like(first.body, { contentType: 'text/plain', cacheControl: 'no-cache', metadata: { a: '1', b: '2' } });
  const second = await patch(
    { cacheControl: null, metadata: { a: null, c: '3' } },
    '?ifMetagenerationMatch=2',
  );
  t.deepEqual(second.body.metadata, { b: '2', c: '3' });
  t.is(second.body.cacheControl, undefined);
  t.is((await patch({ contentType: 'x/y' }, '?ifMetagenerationMatch=2')).status, 412);
  t.is((await patch({ contentType: 'evil\r\nSet-Cookie: a' })).status, 400);
  t.is((await patch({ metadata: { a: 1 } })).status, 400);
  t.is((await json(storing, 'PATCH', path('none'), {})).status, 404);
  const got = await storing.admin(`/${BUCKET}/kernel`);
  t.is(got.headers['x-goog-metageneration'], '3');
  t.is(got.headers['x-goog-meta-c'], '3');
});

test('rewrite and copy make a new object of the same bytes', async (t) => {
  const storing = await storage(t, { buckets: [BUCKET, 'other-bucket'] });
  const source = await storing.put('dir/source', 'bytes', 'text/plain');
  const to = (name: string) => `/b/other-bucket/o/${encodeURIComponent(name)}`;
  const rewritten = await json(storing, 'POST', `${path('dir/source')}/rewriteTo${to('a/b')}`, {});
  t.is(rewritten.status, 200);
  t.like(rewritten.body, {
    kind: 'storage#rewriteResponse',
    done: true,
    totalBytesRewritten: '5',
    objectSize: '5',
  });
  t.like(rewritten.body.resource, {
    name: 'a/b',
    bucket: 'other-bucket',
    contentType: 'text/plain',
    md5Hash: source.md5Hash,
  });
  const says = { contentType: 'x/y', crc32c: 'AAAAAA==', md5Hash: 'nonsense' };
  const copied = await json(storing, 'POST', `${path('dir/source')}/copyTo${to('c')}`, says);
  t.like(copied.body, { kind: 'storage#object', name: 'c', contentType: 'x/y', crc32c: source.crc32c });

  await json(storing, 'DELETE', path('dir/source'));
  t.is((await storing.admin(`/other-bucket/a/b`)).text, 'bytes');
  const again = `/storage/v1${to('c')}/rewriteTo${to('a/b')}`;
  t.is((await json(storing, 'POST', `${again}?ifGenerationMatch=0`, {})).status, 412);
  t.is((await json(storing, 'POST', `${again}?ifSourceGenerationMatch=5`, {})).status, 412);
  t.is((await json(storing, 'POST', `${again}?sourceGeneration=5`, {})).status, 404);
  t.is(
    (await json(storing, 'POST', `${again}?ifSourceGenerationMatch=${copied.body.generation}`, {})).status,
    200,
  );
  t.is((await json(storing, 'POST', `/storage/v1${to('c')}/rewriteTo/b/none/o/x`, {})).status, 404);
});

test('a composite is its sources in order, with a crc32c and no MD5', async (t) => {
  const storing = await storage(t);
  const parts = [bytes(100_000, 1), bytes(1, 2), bytes(200_000, 3)];
  const generations: string[] = [];
  for (const [index, part] of parts.entries())
    generations.push((await storing.put(`part ${index}`, part)).generation ?? '');
  const whole = Buffer.concat(parts);
  const sourceObjects = generations.map((generation, index) => ({
    name: `part ${index}`,
    generation,
    objectPreconditions: { ifGenerationMatch: generation },
  }));
  const destination = {
    contentType: 'application/efi',
    metadata: { a: 'b' },
    crc32c: 'AAAAAA==',
    md5Hash: 'nonsense',
  };
  const compose = (body: object, query = '') =>
    json(storing, 'POST', `${path('whole')}/compose${query}`, body);

  const made = await compose({ sourceObjects, destination }, '?ifGenerationMatch=0');
  t.is(made.status, 200, JSON.stringify(made.body));
  t.like(made.body, {
    crc32c: crc(whole),
    size: '300001',
    componentCount: 3,
    contentType: 'application/efi',
  });
  t.is(made.body.md5Hash, undefined);
  const got = await storing.admin(`/${BUCKET}/whole`);
  t.deepEqual(got.body, whole);
  t.is(got.headers['x-goog-hash'], `crc32c=${crc(whole)}`);
  t.is(
    (await storing.admin(`/${BUCKET}/whole`, { headers: { 'if-none-match': got.headers.etag ?? '' } }))
      .status,
    304,
  );

  t.is((await compose({ sourceObjects, destination }, '?ifGenerationMatch=0')).status, 412);
  const other = [{ name: 'part 0', generation: '5' }];
  t.is((await compose({ sourceObjects: other })).status, 404);
  const unmet = [{ name: 'part 0', objectPreconditions: { ifGenerationMatch: '5' } }];
  t.is((await compose({ sourceObjects: unmet })).status, 412);
  t.is((await compose({ sourceObjects: [] })).status, 400);
  t.is((await compose({ sourceObjects: Array(33).fill({ name: 'part 0' }) })).status, 400);
  t.is((await compose({ sourceObjects: 'x' })).status, 400);
  t.is((await storing.admin(`/${BUCKET}/whole`)).headers['x-goog-generation'], made.body.generation);

  const most = await compose({ sourceObjects: [...Array(31).fill({ name: 'part 0' }), { name: 'whole' }] });
  t.is(most.body.size, String(31 * 100_000 + 300_001));
  t.is(most.body.componentCount, 34);

  const deleting = await compose({
    sourceObjects: [{ name: 'part 0' }, { name: 'part 1' }],
    deleteSourceObjects: true,
  });
  t.is(deleting.body.size, '100001');
  t.is((await json(storing, 'GET', path('part 0'))).status, 404);
  t.is((await json(storing, 'GET', path('part 2'))).status, 200);
});

test('preconditions are asked of every verb', async (t) => {
  const storing = await storage(t);
  const { generation = '' } = await storing.put('kernel', 'bytes');
  const insert = (query: string) =>
    json(storing, 'POST', `/upload${O}?uploadType=media&name=kernel&${query}`, { some: 'bytes' });
  t.is((await insert('ifGenerationMatch=0')).status, 412);
  t.is((await insert(`ifGenerationNotMatch=${generation}`)).status, 412);
  t.is((await insert('ifMetagenerationMatch=9')).status, 412);
  t.is((await insert('ifGenerationMatch=x')).status, 400);
  const start = `/upload${O}?uploadType=resumable&name=kernel`;
  t.is((await json(storing, 'POST', `${start}&ifGenerationMatch=0`, {})).status, 412);
  t.is((await json(storing, 'GET', `${path('kernel')}?ifGenerationMatch=5`)).status, 412);
  t.is((await json(storing, 'GET', `${path('kernel')}?ifGenerationNotMatch=${generation}`)).status, 304);
  t.is((await json(storing, 'GET', `${path('kernel')}?ifMetagenerationMatch=1`)).status, 200);
  t.is((await json(storing, 'DELETE', `${path('kernel')}?ifGenerationMatch=5`)).status, 412);
  t.is((await json(storing, 'DELETE', `${path('kernel')}?generation=5`)).status, 404);
  t.like((await json(storing, 'GET', path('kernel'))).body, { generation, metageneration: '1', size: '5' });
  t.is((await insert(`ifGenerationMatch=${generation}`)).status, 200);
  t.is((await json(storing, 'DELETE', path('kernel'))).status, 204);
  t.is((await insert('ifGenerationMatch=0')).status, 200);
});

test('generations only ever grow, also over deletes and within a microsecond', async (t) => {
  const storing = await storage(t);
  let last = 0;
  for (let round = 0; round < 20; round += 1) {
    const made = await Promise.all([storing.put('a', 'x'), storing.put('b', 'x')]);
    const [one = 0, other = 0] = made.map((object) => Number(object.generation)).sort((a, b) => a - b);
    t.true(one > last && other > one);
    last = other;
    if (round % 3 === 0) await json(storing, 'DELETE', path('b'));
  }
});

test('any name is a name and never a path', async (t) => {
  const storing = await storage(t);
  const names = [
    '..',
    '.',
    '../../etc/passwd',
    '/etc/passwd',
    '//',
    '\\..\\x',
    'é\u{1f600}',
    '%2e%2e',
    '?#&=+ ',
    'x'.repeat(1024),
  ];
  for (const name of names) await storing.put(name, `bytes of ${name}`);
  for (const name of names) {
    t.is((await storing.admin(`${path(name)}?alt=media`)).text, `bytes of ${name}`, name);
    t.is(
      (await storing.ask(await storing.sign({ method: 'GET', object: name }))).text,
      `bytes of ${name}`,
      name,
    );
  }
  for (const name of ['x'.repeat(1025), 'é'.repeat(513), 'a\nb', 'a\rb', 'a\0b', ''])
    await t.throwsAsync(storing.put(name, 'x'), { message: /: 400 / }, JSON.stringify(name));
  t.is((await json(storing, 'GET', O)).body.items.length, names.length);
});

test('null says nothing, in every body but a patch', async (t) => {
  const storing = await storage(t);
  await storing.put('a', 'bytes');
  const compose = async (body: object) => (await json(storing, 'POST', `${path('c')}/compose`, body)).status;
  const source = { name: 'a', generation: null, objectPreconditions: null };
  const destination = { contentType: 'x/y', contentLanguage: null, metadata: { kept: 'yes', gone: null } };
  t.is(await compose({ sourceObjects: [source], destination: null, deleteSourceObjects: null }), 200);
  t.is(
    await compose({ sourceObjects: [{ name: 'a', objectPreconditions: { ifGenerationMatch: null } }] }),
    200,
  );
  t.is(await compose({ kind: null, sourceObjects: [source], destination }), 200);
  t.like((await json(storing, 'GET', path('c'))).body, {
    contentType: 'x/y',
    metadata: { kept: 'yes' },
    componentCount: 1,
  });
  t.is(await compose({ sourceObjects: null }), 400);
  t.is(await compose({ sourceObjects: [null] }), 400);
  t.is(await compose({ sourceObjects: [{ name: null }] }), 400);
  for (const generation of ['', 'x', true, [], 1.5, -1])
    t.is(await compose({ sourceObjects: [{ name: 'a', generation }] }), 400, String(generation));

  const nothing = { contentType: null, cacheControl: null, metadata: null, crc32c: null, md5Hash: null };
  const to = `/b/${BUCKET}/o/copy`;
  t.is(
    (await json(storing, 'POST', `${path('c')}/rewriteTo${to}`, nothing)).body.resource.contentType,
    'x/y',
  );
  const headersOfJson = { 'content-type': 'application/json' };
  const none = await storing.admin(`${path('c')}/rewriteTo${to}`, {
    method: 'POST',
    headers: headersOfJson,
    body: 'null',
  });
  t.is(none.status, 200, none.text);
  t.is((await storing.admin(path('c'), { method: 'PATCH', headers: headersOfJson, body: '[]' })).status, 400);
  const started = await json(storing, 'POST', `/upload${O}?uploadType=resumable`, { name: 'r', ...nothing });
  t.is(started.status, 200);
  const related = [
    '--b',
    '',
    JSON.stringify({ name: 'm', ...nothing }),
    '--b',
    '',
    'bytes',
    '--b--',
    '',
  ].join('\r\n');
  const headers = { 'content-type': 'multipart/related; boundary=b' };
  t.is(
    (await storing.admin(`/upload${O}?uploadType=multipart`, { method: 'POST', headers, body: related }))
      .status,
    200,
  );
});
