import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dispatcher, request } from 'undici';
import type { AssetKind } from '../../boot/asset/asset-name.ts';
import { makeFolder } from '../../folder.ts';
import { reason } from '../broker/api.ts';
import { patience, type Waiting } from '../broker/patience.ts';
import { sweep } from '../push/unfinished.ts';
import { wrongContent, wrongType } from '../push/wrong-content.ts';
import { Failure } from '../verb/failure.ts';

/** What is known of a file that was fetched, or begun to be: enough to go on with the same bytes. */
interface Known {
  readonly etag?: string;
  readonly last_modified?: string;
  readonly whole: boolean;
}

export interface Fetching {
  readonly url: URL;
  /** What it is to be. */
  readonly kind: AssetKind;
  /** Where it lies until it is pushed. */
  readonly folder: string;
  readonly dispatcher: Dispatcher;
  readonly waiting: Waiting;
  readonly stallMs: number;
  readonly now: Date;
  onBytes(done: number, total: number | undefined): void;
}

export interface Fetched {
  readonly path: string;
  forget(): Promise<void>;
}

const mostRedirects = 5;

/**
 * Brings what a URL names into a file. What an earlier call brought is gone on with (RFC 9110 section 14.2) if the server
 * says that it is still the same, by a strong ETag or by Last-Modified (section 13.1.5).
 */
export async function fetchFile(fetching: Fetching): Promise<Fetched> {
  const { url, folder, waiting } = fetching;
  const path = join(folder, createHash('sha256').update(url.href).digest('hex'));
  try {
    makeFolder(folder);
  } catch (error) {
    unwritable(folder)(error);
  }
  await sweep(folder, fetching.now);
  const file = await open(path, 'a+', 0o600).catch(unwritable(folder));
  const patient = patience(waiting);
  try {
    for (;;) {
      const size = (await file.stat()).size;
      try {
        await attempt(fetching, file, path, size);
        break;
      } catch (error) {
        waiting.signal.throwIfAborted();
        if (error instanceof Failure && !error.passing) throw error;
        if (isLocal(error)) unwritable(folder)(error);
        if ((await file.stat()).size > size) patient.reset();
        await patient.wait(`${url.host}: ${reason(error)}`);
      }
    }
  } finally {
    await file.close();
  }
  const forget = () =>
    Promise.all([rm(path, { force: true }), rm(`${path}.json`, { force: true })]).then(() => {});
  return { path, forget };
}

async function attempt(fetching: Fetching, file: FileHandle, path: string, size: number): Promise<void> {
  const known = await readFile(`${path}.json`, 'utf8').then(
    (text) => JSON.parse(text) as Known,
    () => undefined,
  );
  const validator = known && validatorOf(known);
  const response = await follow(fetching, conditions(known, validator, size));
  const { statusCode: status, headers, body } = response;
  if (status === 304) return void (await body.dump());
  const goesOn = status === 206 && headers['content-range']?.toString().startsWith(`bytes ${size}-`);
  if (status !== 200 && !goesOn) {
    await body.dump();
    if (status === 206 || status === 416) await file.truncate(0); // it is another file now: from the start
    const passing = status === 206 || status === 416 || status === 429 || status >= 500;
    throw new Failure(
      'refused',
      `${fetching.url.origin}${fetching.url.pathname} answered ${status}; check the URL`,
      { passing },
    );
  }
  if (!['', 'identity'].includes(headers['content-encoding']?.toString() ?? ''))
    throw new Failure(
      'refused',
      `${fetching.url.host} sends it compressed although that was not asked for; fetch it yourself and give the file`,
    );
  const type = headers['content-type']?.toString();
  const wrong = wrongType(fetching.kind, type);
  if (wrong) {
    await body.dump();
    throw notIt(fetching, wrong);
  }
  if (!goesOn) await file.truncate(0);
  const etag = headers.etag?.toString();
  const last_modified = headers['last-modified']?.toString();
  const now = { ...(etag && { etag }), ...(last_modified && { last_modified }) };
  const keep = (whole: boolean) =>
    writeFile(`${path}.json`, JSON.stringify({ ...now, whole }), { mode: 0o600 });
  await keep(false);
  let done = goesOn ? size : 0;
  const length = headers['content-length'];
  const total = length === undefined ? undefined : done + Number(length);
  for await (const piece of body as AsyncIterable<Buffer>) {
    await file.appendFile(piece);
    done += piece.length;
    fetching.onBytes(done, total);
  }
  await file.sync();
  if (done === 0) throw notIt(fetching, 'nothing at all');
  const found = await wrongContent(fetching.kind, file, type);
  if (found) {
    await file.truncate(0);
    throw notIt(fetching, found);
  }
  await keep(true);
}

/** Who answers so is a login page, a proxy, a listing or a storage that has an error to tell. */
function notIt({ url, kind }: Fetching, what: string): Failure {
  return new Failure(
    'refused',
    `${url.origin}${url.pathname} answered 200 with ${what}, which is no ${kind}; see what that address shows, or fetch it yourself and give the file`,
  );
}

/** What makes the answer either the rest of these very bytes, or all of the newer ones. */
function conditions(
  known: Known | undefined,
  validator: string | undefined,
  size: number,
): Record<string, string> {
  if (!validator || size === 0) return {};
  if (!known?.whole) return { range: `bytes=${size}-`, 'if-range': validator };
  return validator.startsWith('"') ? { 'if-none-match': validator } : { 'if-modified-since': validator };
}

function validatorOf({ etag, last_modified }: Known): string | undefined {
  return etag?.startsWith('"') ? etag : last_modified;
}

/** Follows redirects by hand: from https nothing leads to http. */
async function follow(fetching: Fetching, headers: Record<string, string>): Promise<Dispatcher.ResponseData> {
  const { dispatcher, waiting, stallMs } = fetching;
  let { url } = fetching;
  for (let hops = 0; hops <= mostRedirects; hops++) {
    const response = await request(url, {
      headers: { 'accept-encoding': 'identity', 'user-agent': 'bootbroker', ...headers },
      dispatcher,
      headersTimeout: stallMs,
      bodyTimeout: stallMs,
      signal: waiting.signal,
    });
    const { statusCode, headers: answered, body } = response;
    const location = answered.location?.toString();
    if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return response;
    await body.dump();
    const next = URL.parse(location, url);
    const isFine = next?.protocol === 'https:' || (next?.protocol === 'http:' && url.protocol === 'http:');
    if (!next || !isFine)
      throw new Failure(
        'refused',
        `${url.host} redirects to somewhere that is not https; fetch it yourself and give the file`,
      );
    url = next;
  }
  throw new Failure(
    'refused',
    `${fetching.url.host} redirects more than ${mostRedirects} times; check the URL`,
  );
}

function isLocal(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EIO', 'EFBIG'].includes(
    (error as { code?: string }).code ?? '',
  );
}

function unwritable(folder: string) {
  return (error: unknown): never => {
    throw new Failure(
      'failed',
      `${folder} cannot be written (${(error as { code?: string }).code}); make room there, or set XDG_STATE_HOME to another folder`,
    );
  };
}
