import { Option } from 'commander';
import { archs, assetKinds, isName } from '../../boot/asset.ts';
import { Failure } from './failure.ts';

export function kindOption(): Option {
  return new Option('--kind <kind>', 'what it is').choices(assetKinds);
}

export function archOption(): Option {
  return new Option('--arch <arch>', 'architecture that it is for').choices(archs).default('x86_64');
}

export function verifyOption(): Option {
  return new Option(
    '--verify <level>',
    'full: the broker hashes it even if it does not boot, as a rootfs or a file',
  ).choices(['full']);
}

/** Names and versions are checked before the broker is asked. */
export function assertName(what: string, text: string): void {
  if (!isName(text))
    throw new Failure(
      'usage',
      `${what} ${text} is no name; use up to 128 letters, digits, dots, dashes and underscores`,
    );
}
