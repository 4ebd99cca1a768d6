import type { Wanted } from '../../boot/boot-request.ts';
import type { Problem, Refusal } from '../../boot/problem.ts';
import { type Asking, bootUrl, fileOf, imagePart, partIn, revisionPart, siblingOf } from './wants.ts';

/** A route of the boot plane that answers GET and HEAD by a plan. */
export interface BootRoute {
  /** In OpenAPI's notation: `{name}` is one segment. */
  readonly path: string;
  readonly summary: string;
  /**
   * `entry`: a script for whoever runs one, else the first stage. Neither it nor a script must come with Retry-After: iPXE would
   * obey for ever, and a server that boots from disk would hang.
   */
  readonly serves: 'script' | 'entry' | 'asset';
  /** Query parameters that it reads, and what each says. */
  readonly query: Readonly<Record<string, string>>;
  /** Its own; delivery and what stands before every route add theirs. */
  readonly problems: readonly Problem[];
  readonly wants: (asking: Asking) => Wanted | Refusal;
}

const claims = { mac: 'MAC address of an interface', uuid: 'SMBIOS system UUID', serial: 'Serial number' };
const loader = { arch: "iPXE's buildarch", platform: "iPXE's platform", version: "iPXE's version" };
const scripted = {
  machine: 'Id of the machine, as its script wrote it',
  boot: 'Id of the boot, as its script wrote it',
};

const notIt = ['machine-not-here', 'claim-contradicted'] as const;
const ofMachine = [
  'bad-identity',
  'unknown-machine',
  ...notIt,
  'no-profile',
  'wrong-architecture',
  'template-error',
] as const;
const entry = {
  serves: 'entry',
  query: { ...claims, ...loader },
  problems: [...ofMachine, 'boots-from-disk', 'unknown-asset', 'asset-damaged', 'no-such-route'],
  wants: bootUrl,
} as const;
const script = {
  serves: 'script',
  query: {},
  problems: [],
  wants: () => ({ kind: 'autoexec' }) as const,
} as const;
const beside = {
  serves: 'asset',
  query: {},
  problems: ['unknown-asset', 'asset-damaged', 'no-such-route', ...notIt],
  wants: siblingOf,
} as const;
const ofMachineNow = {
  serves: 'asset',
  query: {},
  problems: [...ofMachine, 'unknown-asset', 'asset-damaged'],
  wants: ({ params }: Asking) => ({ kind: 'current', part: partIn(params) }) as const,
} as const;
const ofRevision = {
  serves: 'asset',
  query: scripted,
  problems: ['unknown-profile', 'unknown-asset', 'asset-damaged', 'asset-not-here', ...notIt],
  wants: revisionPart,
} as const;
const ofImage = {
  serves: 'asset',
  query: { arch: 'Architecture, where a bare name does not say it' },
  problems: ['unknown-asset', 'asset-damaged', 'asset-not-here', 'no-such-route', 'bad-input'],
} as const;

/** The boot plane, on one screen. */
export const bootRoutes: readonly BootRoute[] = [
  { path: '/boot.ipxe', ...entry, summary: "iPXE's script, or the first stage" },
  { path: '/boot.efi', ...entry, summary: 'The same, where a setup screen insists on .efi' },
  { path: '/boot/{arch}/boot.ipxe', ...entry, summary: 'The same for one architecture' },
  { path: '/boot/{arch}/boot.efi', ...entry, summary: 'The same for one architecture' },
  { path: '/autoexec.ipxe', ...script, summary: "Newer iPXE's first script" },
  { path: '/boot/{arch}/autoexec.ipxe', ...script, summary: 'Beside the first stage' },
  { path: '/m/{mac}/autoexec.ipxe', ...script, summary: 'Beside the first stage' },
  { path: '/m/{mac}/boot.ipxe', ...entry, query: loader, summary: "One machine's script" },
  { path: '/m/{mac}/boot.efi', ...entry, query: loader, summary: 'The same' },
  { path: '/{file}.efi', ...beside, summary: 'Beside the first stage: the rest of its chain' },
  { path: '/boot/{arch}/{file}.efi', ...beside, summary: 'The same' },
  { path: '/m/{mac}/{file}.efi', ...beside, summary: 'The same' },
  { path: '/m/{mac}/file/{name}', ...ofMachineNow, summary: 'What the machine boots now' },
  { path: '/m/{mac}/initrd/{n}', ...ofMachineNow, summary: 'What the machine boots now' },
  { path: '/m/{mac}/{part}', ...ofMachineNow, summary: 'What the machine boots now' },
  { path: '/asset/{revision}/initrd/{n}', ...ofRevision, summary: "A profile's n-th initrd" },
  { path: '/asset/{revision}/file/{name}', ...ofRevision, summary: "A profile's file of that name" },
  {
    path: '/asset/{revision}/{part}',
    ...ofRevision,
    summary: "A profile's kernel, initrd, efi, iso or rootfs",
  },
  { path: '/assets/{image}/{kind}', ...ofImage, wants: imagePart, summary: "An image's asset of that kind" },
  {
    path: '/assets/{image}/{kind}/{name}',
    ...ofImage,
    wants: imagePart,
    summary: "One of an image's files, or of its efi programs, by its filename",
  },
  {
    path: '/assets/{file}',
    ...ofImage,
    wants: fileOf(['-kernel.img', 'kernel'], ['-initrd.img', 'initrd']),
    summary: 'The same as NAME-kernel.img and NAME-initrd.img',
  },
  {
    path: '/kernels/{file}',
    ...ofImage,
    wants: fileOf(['.img', 'kernel']),
    summary: 'Kernel of the newest image of a name',
  },
  {
    path: '/initrd/{file}',
    ...ofImage,
    wants: fileOf(['.img', 'initrd']),
    summary: 'Initrd of the newest image of a name',
  },
];

/** The one thing that machines tell: GET as well as POST, as not every loader can do both. */
export const reportRoute = {
  path: '/report/{stage}',
  summary: 'A machine says how far it got',
  query: { ...claims, ...scripted },
  problems: ['bad-input', 'bad-identity', 'unknown-machine', 'from-a-browser', ...notIt, 'too-many-reports'],
} as const satisfies Omit<BootRoute, 'serves' | 'wants'>;
