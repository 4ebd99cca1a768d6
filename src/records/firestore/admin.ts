import type { AuditEvent } from '../../boot/access/audit.ts';
import type { ApiToken } from '../../boot/access/token.ts';
import type { AdminRecords } from '../records.ts';
import { documentOf } from './documents.ts';
import { pageOf } from './page.ts';
import type { Store } from './store.ts';

/** Who may ask for changes, and who did. */
export function adminRecords(store: Store): AdminRecords {
  return {
    token: (id) =>
      store.read('reading a token', async (documents) =>
        documentOf<ApiToken>((await documents.get(['tokens', id]))[0]),
      ),
    listTokens: (page) =>
      store.read('listing tokens', (documents) => pageOf<ApiToken>(documents, 'tokens', {}, page)),
    listAudit: (page, order = 'oldest') =>
      store.read('listing the audit', (documents) =>
        pageOf<AuditEvent>(documents, 'audit', {}, page, order === 'oldest' ? 'ASCENDING' : 'DESCENDING'),
      ),
  };
}
