import { initrdWords, loadedAs } from './asset/initrd.ts';
import type { DiskWay } from './machine/disk.ts';
import type { ProfileRevision } from './profile.ts';

/** What a machine does when the broker stays away: ask for ever, or boot from its disk after `maxTries`. */
export type OutagePolicy = 'wait' | 'disk';

/** With pauses of 5, 10, ... 55 seconds between them, five and a half minutes. */
const maxTries = 12;
const pauseStepSeconds = 5;
const longestPauseSeconds = 60;

/** A path as a relative URL without colons, which old iPXE would misread: `/m/{mac}/...` takes dashes as well. */
function relative(path: string): string {
  return path.replaceAll(':', '-');
}

function chain(url: string): string {
  return `chain --replace --autofree ${url} || goto again`;
}

/**
 * Asks again with growing pauses; then does what the outage policy says. The count lives in iPXE's settings, so that it
 * goes on from script to script. `url` is where this machine's script is.
 */
function tryAgain(url: string, outage: OutagePolicy, disk?: DiskWay): string[] {
  return [
    ':again',
    'isset ${tries} || set tries:int32 0',
    `isset \${pause} || set pause:int32 ${pauseStepSeconds}`,
    'inc tries',
    ...(outage === 'disk' ? [`iseq \${tries} ${maxTries} && goto disk ||`] : []),
    'echo bootbroker: try ${tries} failed, next in ${pause} s',
    'sleep ${pause}',
    `iseq \${pause} ${longestPauseSeconds} || inc pause ${pauseStepSeconds}`,
    chain(url),
    ...(outage === 'disk' ? [':disk', ...fromDisk(disk)] : []),
  ];
}

/** UEFI goes on to its next boot option only when the program fails: a plain exit can end in its menu (UEFI 3.1.1). */
function fromDisk(way?: DiskWay): string[] {
  const start = 'sanboot --no-describe --drive 0x80 ||';
  if (way === 'exit') return ['exit'];
  if (way === 'sanboot') return [start, 'exit 1'];
  return way === undefined ? [`iseq \${platform} pcbios && ${start}`, 'exit 1'] : ['exit 1'];
}

function script(title: string, lines: readonly string[]): string {
  return ['#!ipxe', `# bootbroker: ${title}`, ...lines, ''].join('\n');
}

/**
 * What the bootstrap chains to, with all that iPXE knows of the machine; `netX` is the interface in use. No colon may stand in it:
 * iPXE before 1844aacc8 takes what precedes one for a scheme, so a MAC goes with dashes and texts as uristring.
 */
const claims = [
  'mac=${netX/mac:hexhyp}',
  'uuid=${uuid}',
  'serial=${serial:uristring}',
  'manufacturer=${manufacturer:uristring}',
  'product=${product:uristring}',
  'arch=${buildarch:uristring}',
  'platform=${platform:uristring}',
  'version=${version:uristring}',
].join('&');

/** For iPXE that has not said who it is: asks again with its identity. `path` is the script's own path. */
export function bootstrapScript(path: string, outage: OutagePolicy): string {
  const url = `${relative(path)}?${claims}`;
  return script('says who this machine is and asks again', [chain(url), ...tryAgain(url, outage)]);
}

/**
 * The same for newer iPXE, which runs the autoexec.ipxe that lies beside it before it configures its interfaces (165995b7e,
 * 2024-03). ifconf turns its working URI into the DHCP server's TFTP, so where it came from is kept.
 */
export function autoexecScript(outage: OutagePolicy): string {
  const url = `\${base}boot.ipxe?${claims}`;
  return script('configures the network, says who this machine is and asks again', [
    'set base ${cwduri}',
    'ifconf || goto again',
    chain(url),
    ...tryAgain(url, outage),
  ]);
}

/** Whose script it is, and in which boot. A machine that nobody knows has no id. */
export interface Booting {
  readonly id?: string | undefined;
  readonly boot?: string | undefined;
  readonly disk_boot?: DiskWay | undefined;
}

/**
 * Boots a revision whose command line is rendered. `path` is where this script was asked
 * for, to come back to when a fetch fails.
 */
export function machineScript(
  machine: Booting,
  revision: ProfileRevision,
  path: string,
  outage: OutagePolicy,
): string {
  return script(
    `${machine.id ? `machine ${machine.id}` : 'an unknown machine'} boots ${revision.name}, revision ${revision.id}`,
    ['imgfree', ...start(revision, machine), ...tryAgain(relative(path), outage, machine.disk_boot)],
  );
}

/** Where a part of a revision is fetched; it says whose it is and in which boot, so that overrides and logs know. */
export function assetUrl(revision: string, part: string, { id, boot }: Booting): string {
  const query = [id && `machine=${id}`, boot && `boot=${boot}`].filter(Boolean).join('&');
  return `/asset/${revision}/${part}${query && `?${query}`}`;
}

function start(revision: ProfileRevision, machine: Booting): string[] {
  const url = (part: string) => assetUrl(revision.id, part, machine);
  const args = revision.cmdline === '' ? '' : ` ${revision.cmdline}`;
  if (revision.efi) return [`chain --replace ${url('efi')}${args} || goto again`];
  if (revision.iso) return [`sanboot --no-describe ${url('iso')} || goto again`];
  const names = initrdWords(revision.initrds)
    .map((word) => ` ${word}`)
    .join('');
  return [
    `kernel --name kernel ${url('kernel')}${names}${args} || goto again`,
    ...revision.initrds.map(
      (one, n) => `initrd --name ${loadedAs(one, n)} ${url(`initrd/${n}`)} || goto again`,
    ),
    'boot || goto again',
  ];
}

/** Sends a machine on to its own disk, in the way that an administrator knows to suit it. */
export function diskScript(title: string, way?: DiskWay): string {
  return script(title, fromDisk(way));
}
