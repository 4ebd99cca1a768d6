import { forGood } from '../boot/asset.ts';

/** What is signed into a URL that starts a resumable upload, so that the object can be no other, and is made once. */
export function uploadHeaders({ size, type }: { readonly size: number; readonly type: string }) {
  return {
    'x-goog-resumable': 'start',
    'x-goog-if-generation-match': '0',
    'x-upload-content-length': String(size),
    'content-type': type,
    'cache-control': forGood,
  };
}
