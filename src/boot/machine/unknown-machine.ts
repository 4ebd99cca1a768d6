import type { TemplateSubject } from '../template/template.ts';
import type { Identity } from './identity.ts';

/** What a machine gets that nobody registered: a 404, its own disk, or the newest revision of a profile. */
export type UnknownPolicy = 'refuse' | 'exit' | { readonly profile: string };

/** One word of a command line, whatever machine says it. */
const plain = /^[\w.:-]{1,64}$/;

/** What templates see of such a machine: what it claims, if that is one plain word, and no labels. */
export function unknownSubject({ mac, uuid, serial }: Identity): TemplateSubject {
  return {
    macs: mac ? [mac] : [],
    labels: {},
    ...(uuid && { uuid }),
    ...(serial && plain.test(serial) && { serial }),
  };
}
