import type { FileHandle } from 'node:fs/promises';
import type { AssetKind } from '../../boot/asset/asset-name.ts';

/** What kernels, programs and images never begin with; how much of a file tells that, in bytes. */
const enough = 512;

/**
 * What a file is instead of what it should be: a page, or the answer of a program, as login pages, proxies, listings and storages send with
 * status 200. Undefined: nothing speaks against it. A `file` may be anything.
 */
export async function wrongContent(
  kind: AssetKind,
  handle: FileHandle,
  type?: string,
): Promise<string | undefined> {
  const byType = wrongType(kind, type);
  if (byType || kind === 'file') return byType;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(enough), 0, enough, 0);
  const head = buffer.subarray(0, bytesRead);
  const text = textOf(head).trimStart();
  if (/^<(!doctype\s+html|html|head|body|title|meta|script|h1|pre|!--)/i.test(text)) return 'an HTML page';
  if (text.startsWith('version https://git-lfs')) return 'a pointer of Git LFS, not the file itself';
  // Binary bytes may begin with these few characters by chance.
  if (!isText(head)) return undefined;
  if (/^<[a-z?!]/i.test(text)) return 'XML';
  if (/^[[{]\s*["[\]{}]/.test(text)) return 'JSON';
  return mediaType(type).startsWith('text/') ? 'text' : undefined;
}

/** The same by what the server says of it alone, before a byte of it is there. */
export function wrongType(kind: AssetKind, type: string | undefined): string | undefined {
  if (kind === 'file') return undefined;
  const media = mediaType(type);
  if (/^(text\/html|application\/xhtml\+xml)$/.test(media)) return `an HTML page (${media})`;
  if (/^(application|text)\/(.+\+)?(json|xml)$/.test(media)) return media;
  return undefined;
}

function mediaType(type = ''): string {
  return (type.split(';')[0] ?? '').trim().toLowerCase();
}

/** Its beginning as text, whatever Unicode it is in. */
function textOf(head: Buffer): string {
  const isWide = head[0] === 0xff && head[1] === 0xfe;
  return head.toString(isWide ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
}

/** UTF-8 without control characters; the last character may be cut. */
function isText(head: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return !/[^\P{Cc}\t\n\r]/u.test(text);
  } catch {
    return false;
  }
}
