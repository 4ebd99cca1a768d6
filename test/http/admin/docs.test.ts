import test from 'ava';
import { brokerFor } from '../../support/broker.ts';
import { ask } from '../../support/http.ts';

test('the API is shown as a page that is made of nothing but what this server has', async (t) => {
  const { adminPort, bootPort } = await brokerFor(t);
  const page = await ask(adminPort, '/docs');
  t.like(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  const policy = String(page.headers['content-security-policy']);
  t.true(policy.startsWith("default-src 'none';"));
  t.notRegex(policy, /https?:|unsafe/);
  t.false(/<script>|style=|\son\w+=/.test(page.text), 'the policy forbids what stands inside the page');

  const parts = [...page.text.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, name = '']) => name);
  t.is(parts.length, 4);
  for (const part of parts) {
    t.regex(part, /^[\w./-]+$/, 'it is relative, and on this server');
    const { status, headers, body } = await ask(adminPort, `/${part}`);
    t.is(status, 200, part);
    t.true(body.length > 100, part);
    t.is(headers['x-content-type-options'], 'nosniff');
    const again = await ask(adminPort, `/${part}`, { headers: { 'If-None-Match': String(headers.etag) } });
    t.deepEqual([again.status, again.body.length], [304, 0], part);
    const others = await ask(adminPort, `/${part}`, { headers: { 'If-None-Match': '"other"' } });
    t.is(others.status, 200, part);
  }
  t.is((await ask(adminPort, '/docs', { method: 'HEAD' })).status, 200);
  t.is((await ask(bootPort, '/docs')).status, 404);
});

test('the page is for names that are ours, and gives nothing else away', async (t) => {
  const { adminPort } = await brokerFor(t);
  t.is((await ask(adminPort, '/docs', { headers: { Host: 'evil.example' } })).status, 421);
  for (const path of ['/docs/package.json', '/docs/constructor', '/docs/swagger-ui.js', '/docs/x/y'])
    t.is((await ask(adminPort, path)).status, 401, path);
  t.is((await ask(adminPort, '/docs', { method: 'POST' })).status, 405);
});
