import type { IncomingMessage } from 'node:http';
import { isSigned, type Trust } from '../auth.ts';
import type { Target } from '../find-object.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';

/** A request to the XML API whose sender may make it. */
export interface XmlRequest {
  /** No name: the bucket itself. */
  readonly target: Target;
  readonly query: ReadonlyMap<string, string>;
  /** The id of a resumable upload, when the request is about one. */
  readonly session: string | undefined;
  /** What the SHA-256 of the body must be (hex), if that was signed. */
  readonly sha256: string | undefined;
}

/** Reads the target once, and opens that which was verified: never two readings of one name. */
export function readXmlRequest(request: IncomingMessage, trust: Trust): XmlRequest | Refusal {
  const { url = '', method = '' } = request;
  const session = queryOf(url).get('upload_id');
  if (session && ['PUT', 'POST', 'DELETE'].includes(method)) return plain(url, session);

  if (isSigned(url)) {
    const signed = trust.signed(request);
    if (isRefusal(signed)) return signed;
    const target = { bucket: signed.bucket, name: signed.object ?? '' };
    return { target, query: signed.query, session: undefined, sha256: signed.contentSha256 };
  }
  return trust.unsigned(request) ?? plain(url, undefined);
}

function plain(url: string, session: string | undefined): XmlRequest | Refusal {
  const [path = ''] = url.split('?');
  try {
    const [, bucket = '', name = ''] = /^\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? [];
    const target = { bucket: decodeURIComponent(bucket), name: decodeURIComponent(name) };
    return { target, query: queryOf(url), session, sha256: undefined };
  } catch {
    return refuse('InvalidURI', 'The path is not percent-encoded UTF-8.');
  }
}

function queryOf(url: string): Map<string, string> {
  const at = url.indexOf('?');
  return new Map(at < 0 ? [] : new URLSearchParams(url.slice(at + 1)));
}
