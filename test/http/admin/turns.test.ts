import test from 'ava';
import { Turns } from '../../../src/http/admin/apply/turns.ts';

const limits = { waitMs: 600_000, mostWaiting: 4, mostOfOne: 2 };
const stays = new AbortController().signal;

test('one has the turn at a time, and the others wait for it', async (t) => {
  const turns = new Turns(limits);
  const order: string[] = [];
  const one = async (who: string) => {
    const end = await turns.take(who, stays);
    order.push(`${who} begins`);
    await new Promise(setImmediate);
    order.push(`${who} ends`);
    end?.();
  };
  await Promise.all(['a', 'b', 'c'].map(one));
  t.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('whoever had no turn just now comes first: nobody keeps it for themselves', async (t) => {
  const turns = new Turns(limits);
  const order: string[] = [];
  const first = await turns.take('greedy', stays);
  const rest = ['greedy', 'greedy', 'other'].map(async (who) => {
    const end = await turns.take(who, stays);
    order.push(who);
    end?.();
  });
  first?.();
  await Promise.all(rest);
  t.deepEqual(order, ['other', 'greedy', 'greedy']);
});

test('of one caller, and in all, only so many wait; who finds no room is told so at once', async (t) => {
  const turns = new Turns(limits);
  const end = await turns.take('a', stays);
  const waiting = ['a', 'a', 'b', 'c'].map((who) => turns.take(who, stays));
  t.is(await turns.take('a', stays), undefined, 'two of a wait already');
  t.is(await turns.take('d', stays), undefined, 'four wait already');
  end?.();
  for (const one of [waiting[2], waiting[0], waiting[3], waiting[1]]) (await one)?.();
  t.truthy(await turns.take('e', stays), 'all have had it');
});

test('nobody waits longer than that, and who has left has no turn', async (t) => {
  const turns = new Turns({ ...limits, waitMs: 1 });
  const end = await turns.take('a', stays);
  t.is(await turns.take('b', stays), undefined);
  const patient = new Turns(limits);
  const ends = await patient.take('a', stays);
  const leaving = new AbortController();
  const left = patient.take('b', leaving.signal);
  leaving.abort();
  t.is(await left, undefined);
  t.is(await patient.take('c', leaving.signal), undefined);
  end?.();
  ends?.();
  t.truthy(await turns.take('b', stays), 'it is free again');
  t.truthy(await patient.take('b', stays));
});
