import type { Context } from 'koa';
import type { Answer } from './answer.ts';
import { autoexec, bootEntry } from './boot.ts';
import { imagePart, machinePart, namedImagePart, revisionPart } from './boot-assets.ts';
import type { BootParts } from './parts.ts';

/** A route of the boot plane that answers GET and HEAD by a plan. */
export interface BootRoute {
  /** In the router's notation: `:name` is one segment. */
  readonly path: string;
  readonly summary: string;
  /** Scripts must not be told Retry-After: iPXE would obey for ever, and a server that boots from disk would hang. */
  readonly serves: 'script' | 'asset';
  readonly answer: (ctx: Context, parts: BootParts) => Promise<Answer>;
}

/** The boot plane, on one screen. */
export const bootRoutes: readonly BootRoute[] = [
  { path: '/boot.ipxe', serves: 'script', answer: bootEntry, summary: "iPXE's script, or the first stage" },
  {
    path: '/boot.efi',
    serves: 'script',
    answer: bootEntry,
    summary: 'The same, where a setup screen insists on .efi',
  },
  {
    path: '/boot/:arch/boot.ipxe',
    serves: 'script',
    answer: bootEntry,
    summary: 'The same for one architecture',
  },
  {
    path: '/boot/:arch/boot.efi',
    serves: 'script',
    answer: bootEntry,
    summary: 'The same for one architecture',
  },
  { path: '/autoexec.ipxe', serves: 'script', answer: autoexec, summary: "Newer iPXE's first script" },
  {
    path: '/boot/:arch/autoexec.ipxe',
    serves: 'script',
    answer: autoexec,
    summary: 'Beside the first stage',
  },
  { path: '/m/:mac/autoexec.ipxe', serves: 'script', answer: autoexec, summary: 'Beside the first stage' },
  { path: '/m/:mac/boot.ipxe', serves: 'script', answer: bootEntry, summary: "One machine's script" },
  { path: '/m/:mac/boot.efi', serves: 'script', answer: bootEntry, summary: 'The same' },
  { path: '/m/:mac/initrd/:n', serves: 'asset', answer: machinePart, summary: 'What the machine boots now' },
  { path: '/m/:mac/:part', serves: 'asset', answer: machinePart, summary: 'What the machine boots now' },
  {
    path: '/asset/:revision/initrd/:n',
    serves: 'asset',
    answer: revisionPart,
    summary: "A profile's n-th initrd",
  },
  {
    path: '/asset/:revision/:part',
    serves: 'asset',
    answer: revisionPart,
    summary: "A profile's kernel, initrd, efi or iso",
  },
  {
    path: '/assets/:image/:kind',
    serves: 'asset',
    answer: imagePart,
    summary: "An image's kernel or initrd",
  },
  {
    path: '/kernels/:file',
    serves: 'asset',
    answer: namedImagePart('kernel'),
    summary: 'Kernel of the newest image of a name',
  },
  {
    path: '/initrd/:file',
    serves: 'asset',
    answer: namedImagePart('initrd'),
    summary: 'Initrd of the newest image of a name',
  },
];
