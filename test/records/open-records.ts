import type { ExecutionContext } from 'ava';
import type { Records } from '../../src/records/records.ts';

/** Opens an empty store for one test, and sees to its end. */
export type OpenRecords = (t: ExecutionContext) => Promise<Records>;
