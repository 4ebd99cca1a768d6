import type { Upload } from '../boot/upload.ts';
import { abandonUpload } from './abandon.ts';
import { type CollectParts, collect } from './collect.ts';

/** What the admin plane has done here at once, because somebody asked for it. */
export function assetJobs(parts: CollectParts) {
  return {
    abort: (upload: Upload) => abandonUpload(upload, 'aborted', parts),
    collect: (how: Parameters<typeof collect>[1]) => collect(parts, how),
  };
}
