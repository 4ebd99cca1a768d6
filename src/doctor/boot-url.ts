import type { Config } from '../config/config.ts';
import { type Answer, type Ask, said } from './ask.ts';
import { failed, type Outcome, passed, skipped } from './finding.ts';

/** Asks where machines ask, for the one script that is the same for all: an edge in front passes on only what machines fetch. */
export async function checkBootUrl({ publicUrl }: Config, ask: Ask): Promise<Outcome<never>> {
  if (publicUrl === undefined) return skipped('BROKER_PUBLIC_URL does not say where machines ask');
  const answer = await ask(`${publicUrl}/autoexec.ipxe`);
  if (answer.status === 200 && answer.body.toString().startsWith('#!ipxe'))
    return passed(`machines reach a broker at ${publicUrl}`);
  if (answer.status === 403 && isProblem(answer))
    return passed(
      `a broker answers at ${publicUrl}; this machine is not one that it admits (BROKER_ALLOWED_NETWORKS, BROKER_EDGE_KEYS)`,
    );
  return failed(
    `no broker answers at ${publicUrl}: ${said(answer)}; start one with the role boot, or correct BROKER_PUBLIC_URL`,
  );
}

/** RFC 9457. */
function isProblem({ headers }: Answer): boolean {
  return headers['content-type']?.startsWith('application/problem+json') === true;
}
