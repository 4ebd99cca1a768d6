import type { Auditor } from '../boot/access/audit.ts';
import type { Upload } from '../boot/upload.ts';
import { abandonUpload } from './abandon.ts';
import { type CollectParts, collect } from './collect.ts';

/** What the admin plane has done here at once, because somebody asked for it. */
export function assetJobs(parts: Omit<CollectParts, 'audit'>) {
  return {
    abort: (upload: Upload, audit: Auditor) => abandonUpload(upload, 'aborted', { ...parts, audit }),
    collect: (how: Parameters<typeof collect>[1], audit: Auditor) => collect({ ...parts, audit }, how),
  };
}
