import { join } from 'node:path';

/** What a machine runs before Linux: its firmware, and the iPXE that the firmware loads. All are paths. */
export interface Loaders {
  readonly code: string;
  /** The variables of a machine that never ran; each machine has its own copy. */
  readonly variables: string;
  /** The program that firmware loads first: an iPXE that uses the firmware's own driver for the card. */
  readonly firstStage: string;
}

/** Where Debian's packages ovmf and ipxe put them, under this root. */
export function loadersUnder(root: string): Loaders {
  return {
    code: join(root, 'usr/share/OVMF/OVMF_CODE_4M.fd'),
    variables: join(root, 'usr/share/OVMF/OVMF_VARS_4M.fd'),
    firstStage: join(root, 'usr/lib/ipxe/snponly.efi'),
  };
}

export const installed = loadersUnder('/');
