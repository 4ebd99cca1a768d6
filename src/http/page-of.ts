import type { PageRequest } from '../records/records.ts';

/** The page that a query asks for. */
export function pageOf({ limit, cursor }: { limit: number; cursor?: string }): PageRequest {
  return { limit, ...(cursor !== undefined && { cursor }) };
}
