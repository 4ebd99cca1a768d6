import { uploadStates } from '../asset/upload.ts';
import type { Fields } from './field.ts';

/** What uploads are searched by. */
export const uploadFields = {
  state: { kind: 'text', flag: 'state', choices: uploadStates, search: 'only those in this state' },
} as const satisfies Fields;
