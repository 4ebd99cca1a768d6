import test from 'ava';
import { syncsIn } from './syncs.ts';

test('the calls of both kinds are summed, and their total is not', (t) => {
  const summary = `strace: Process 7 attached with 12 threads
    calls syscall
--------- ----------------
       41 fdatasync
        3 fsync
--------- ----------------
       44 total
`;
  t.is(syncsIn(summary), 44);
  t.is(syncsIn('strace: Process 7 attached\nstrace: Process 7 detached\n'), 0);
});
