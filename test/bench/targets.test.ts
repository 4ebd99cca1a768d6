import test from 'ava';
import { figuresIn } from './history.ts';
import { judged } from './targets.ts';

const storm = (cpu_ms: number, more = {}) => ({ cpu_ms, bytes: 10, events: 4, documents_read: 0, ...more });

test('a figure is judged by its limit, or by another one of the same run', (t) => {
  const rates_64 = {
    'koa, redirect': { p99_ms: 5 },
    redirect: { to_matchbox: 0.79, p99_ms: 10, syncs_per_event: 0.5, folded: 1 },
  };
  const of = judged(figuresIn({ rates_64 }));
  t.deepEqual(of['rates_64 / redirect / to_matchbox'], {
    reached: 0.79,
    wanted: 'at least 0.8',
    verdict: 'FAIL',
  });
  t.deepEqual(of['rates_64 / redirect / p99_ms : koa, redirect'], {
    reached: 2,
    wanted: 'at most 2',
    verdict: 'pass',
  });
  t.is(of['rates_64 / redirect / syncs_per_event']?.verdict, 'pass');
  t.is(of['rates_64 / redirect / folded']?.verdict, 'FAIL', 'what was folded was not written');
});

test('what a table lacks was not measured, and does not pass; what is in no table is not mentioned', (t) => {
  const of = judged(figuresIn({ rates_64: { redirect: { folded: 0 } } }));
  t.deepEqual(of['rates_64 / redirect / to_matchbox'], {
    reached: 'not measured',
    wanted: 'at least 0.8',
    verdict: '-',
  });
  t.false('rates_64 / chain script / to_koa_script' in of);
  t.deepEqual(judged({}), {});
});

test('a boot may cost a fifth more in a larger storm, and what cost nothing has to cost nothing', (t) => {
  const costs = (larger: object) =>
    judged(
      figuresIn({
        storm: { '1000 machines, embedded, warm': storm(5), '10000 machines, embedded, warm': larger },
      }),
    );
  const name = (cost: string) =>
    `storm / 10000 machines, embedded, warm / ${cost} : 1000 machines, embedded, warm`;
  t.is(costs(storm(6))[name('cpu_ms')]?.verdict, 'pass');
  t.is(costs(storm(6.1))[name('cpu_ms')]?.verdict, 'FAIL');
  t.is(costs(storm(5))[name('documents_read')]?.verdict, 'pass');
  t.is(costs(storm(5, { documents_read: 1 }))[name('documents_read')]?.verdict, 'FAIL');
  t.is(costs(storm(5))[name('documents_written')]?.verdict, '-');
});
