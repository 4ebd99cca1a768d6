import type { Config } from '../config/config.ts';
import { said } from './ask.ts';
import { failed, type Outcome, passed } from './finding.ts';
import type { Trial } from './scheme.ts';
import { probeUrl } from './signed-url.ts';

const setting = 'BROKER_STORAGE_REENCODED';

/** Whether the storage takes a signed URL as old iPXE sends it, and whether the setting says so. */
export async function checkReencoded(
  { storage, probe, signer, clock }: Trial,
  { storageReencoded }: Config,
): Promise<Outcome<never>> {
  const answer = await storage.ask(
    reencoded(await probeUrl(storage, probe, signer, clock(), storage.endpoint)),
  );
  const accepted = answer.status === 200;
  if (!accepted && answer.status !== 400 && answer.status !== 403)
    return failed(`neither accepted nor refused: ${said(answer)}; try again`);
  if (storage.kind === 'local')
    return accepted
      ? passed('accepted, as the embedded storage promises: iPXE 1.x is redirected')
      : failed(`${said(answer)}: the embedded storage must accept it; something stands between`);
  if (storageReencoded === 'accepted')
    return accepted
      ? passed(`accepted, as ${setting} says: iPXE 1.x is redirected`)
      : failed(`${said(answer)}; set ${setting}=refused: iPXE 1.x is then streamed to`);
  return accepted
    ? passed(
        `accepted, but ${setting} is refused, so iPXE 1.x is streamed to; set ${setting}=accepted, and it is redirected`,
      )
    : passed(`refused, as ${setting} says: iPXE 1.x is streamed to`);
}

/** iPXE before 1844aacc8 (2021-11-11), uri.c: the query is decoded, and then little encoded again. */
function reencoded(url: string): string {
  const at = url.indexOf('?');
  const query = decodeURIComponent(url.slice(at + 1)).replace(
    /[^!-~]|[#:@?%]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return `${url.slice(0, at)}?${query}`;
}
