import test from 'ava';
import type { AssetKind } from '../../src/boot/asset/asset-name.ts';
import { type ClientRow, clientTable } from '../../src/boot/client.ts';
import { decideAsset, type StorageTraits } from '../../src/boot/decide.ts';
import { resolvedAsset } from './examples.ts';

const local: StorageTraits = { scheme: 'http', takesReencodedQuery: true };

function plan(
  id: string,
  { method = 'GET', kind = 'kernel' as AssetKind, storage = local, edge = [] as string[] } = {},
) {
  const client = clientTable.find((row): row is ClientRow => row.id === id);
  if (!client) throw new Error(`no row ${id}`);
  const asset = resolvedAsset(kind);
  return decideAsset({ method, asset, permanence: 'immutable', client, storage, edge, urlTtlSeconds: 300 });
}

test('clients that follow redirects are redirected, everybody else is streamed to', (t) => {
  for (const { id, followsRedirects } of clientTable)
    t.is(plan(id).kind, followsRedirects ? 'redirect' : 'stream', id);
  t.like(plan('ipxe-2'), { ttlSeconds: 300, reason: 'ipxe-2 follows redirects' });
  t.like(plan('grub'), { ttlSeconds: 60, reason: 'grub does not follow redirects' });
});

test('behind an edge that follows, nothing is streamed; one that keeps what it fetched gets everything', (t) => {
  for (const { id, followsRedirects } of clientTable) {
    t.is(plan(id, { edge: ['follow'] }).kind, followsRedirects ? 'redirect' : 'handoff', id);
    t.is(plan(id, { edge: ['cache', 'follow'] }).kind, 'handoff', id);
    t.is(plan(id, { edge: ['cache'] }).kind, plan(id).kind, `${id}: what cannot follow has nothing to keep`);
  }
  t.is(plan('ipxe-2', { edge: ['follow'], kind: 'iso' }).kind, 'handoff');
  t.like(plan('ipxe-2'), { otherwise: { kind: 'stream' } });
  t.like(plan('ipxe-2', { edge: ['follow'] }), { otherwise: { kind: 'handoff' } });
});

test('a handoff lives as long as the slowest honest transfer, at least an hour, and less than twelve', (t) => {
  const life = (size: number) => {
    const asset = { ...resolvedAsset('iso'), size };
    const [client] = clientTable;
    if (!client) throw new Error('no row');
    const facts = { method: 'GET', asset, permanence: 'immutable', client, storage: local } as const;
    const decided = decideAsset({ ...facts, edge: ['follow'], urlTtlSeconds: 10 });
    return decided.kind === 'handoff' ? decided.ttlSeconds : decided.kind;
  };
  t.is(life(1), 3600);
  t.is(life(450_000_000), 3600);
  t.is(life(1_000_000_001), 8001);
  t.is(life(10 ** 13), 42_000);
});

test('HEAD is never redirected, nor handed off', (t) => {
  for (const { id } of clientTable)
    for (const edge of [[], ['cache', 'follow']]) t.is(plan(id, { method: 'HEAD', edge }).kind, 'stream', id);
});

test('iPXE is never redirected to an iso, which it reads in ranges; others are', (t) => {
  for (const id of ['ipxe-1', 'ipxe-2']) t.is(plan(id, { kind: 'iso' }).kind, 'stream', id);
  t.is(plan('curl-wget', { kind: 'iso' }).kind, 'redirect');
});

test('an https storage is for clients that can be expected to trust it', (t) => {
  const storage = { scheme: 'https', takesReencodedQuery: true } as const;
  const redirected = clientTable.filter(({ id }) => plan(id, { storage }).kind === 'redirect');
  t.deepEqual(
    redirected.map(({ id }) => id),
    ['ipxe-2', 'curl-wget'],
  );
});

test('old iPXE is redirected only to a storage that takes the query as it rewrites it', (t) => {
  const storage = { scheme: 'http', takesReencodedQuery: false } as const;
  t.is(plan('ipxe-1').kind, 'redirect');
  t.is(plan('ipxe-1', { storage }).kind, 'stream');
  t.is(plan('ipxe-2', { storage }).kind, 'redirect');
});

test('a storage that takes both is redirected to by https, but by http for loaders that have none', (t) => {
  const storage = { scheme: 'either', takesReencodedQuery: true } as const;
  for (const { id, https, followsRedirects } of clientTable)
    if (followsRedirects)
      t.like(plan(id, { storage }), { kind: 'redirect', scheme: https ? 'https' : 'http' });
});

test('a limit to the length of a redirect goes with its plan, and what to do when no URL keeps it', (t) => {
  const [client] = clientTable.filter(({ followsRedirects }) => followsRedirects);
  if (!client) throw new Error('no row');
  const asset = resolvedAsset('kernel');
  const facts = {
    method: 'GET',
    asset,
    permanence: 'immutable',
    storage: local,
    edge: [],
    urlTtlSeconds: 300,
  } as const;
  const limited = decideAsset({ ...facts, client: { ...client, maxRedirectLength: 500 } });
  t.like(limited, { kind: 'redirect', maxLength: 500, otherwise: { kind: 'stream' } });
  t.false('maxLength' in decideAsset({ ...facts, client }));
});
