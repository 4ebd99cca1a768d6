import type { ExecutionContext } from 'ava';

/** Whose end is the end of what was started for it: a test, or the benchmark. */
export type Owner = Pick<ExecutionContext, 'teardown'>;
