import type { AuditEvent } from '../../boot/access/audit.ts';
import type { ApiToken } from '../../boot/access/token.ts';
import type { AdminRecords } from '../records.ts';
import { only, pageOf, type Sql } from './sql.ts';

/** Who may ask for changes, and who did. */
export function adminRecords(sql: Sql): AdminRecords {
  return {
    token: (id) =>
      sql.read('reading a token', () => only<ApiToken>(sql, 'SELECT body FROM tokens WHERE id = ?', id)),
    listTokens: (page) => sql.read('listing tokens', () => pageOf<ApiToken>(sql, 'tokens', {}, page)),
    listAudit: (page, order = 'oldest') =>
      sql.read('listing the audit', () =>
        pageOf<AuditEvent>(sql, 'audit', {}, page, order === 'oldest' ? 'ASC' : 'DESC'),
      ),
  };
}
