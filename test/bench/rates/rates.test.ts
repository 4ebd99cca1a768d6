import test from 'ava';
import { row } from './rates.ts';

const measured = (rate: number) => ({ rate, p50: rate, p99: 2 * rate, cpu: 1 });

test('a ratio is to the peer in the same round, and a row that of the median rate', (t) => {
  const koa = [100, 10, 40].map(measured);
  const ours = [50, 5, 30].map(measured);
  t.like(row(ours, { 'koa, redirect': koa }), { rate: 30, p50_ms: 30, p99_ms: 60, to_koa_redirect: 0.5 });
});
