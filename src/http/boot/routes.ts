import { isName } from '../../boot/asset/asset.ts';
import { type ImageName, parseImageId } from '../../boot/asset/image.ts';
import type { Wanted } from '../../boot/boot-request.ts';
import { type Problem, type Refusal, refuse } from '../../boot/problem.ts';
import { parseArch } from '../../boot/profile.ts';
import type { Query } from './request.ts';

/** What a route is asked by. */
interface Asking {
  readonly path: string;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Query;
}

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
const ofMachine = ['bad-identity', 'unknown-machine', ...notIt, 'no-profile', 'template-error'] as const;
const entry = {
  serves: 'entry',
  query: { ...claims, ...loader },
  problems: [...ofMachine, 'unknown-asset', 'no-such-route'],
  wants({ path, params: { arch: text = 'x86_64' } }: Asking) {
    const arch = parseArch(text);
    if (arch) return { kind: 'entry', path, arch } as const;
    return refuse('no-such-route', `There is no architecture ${text}: x86_64 and arm64 are served.`);
  },
} as const;
const script = {
  serves: 'script',
  query: {},
  problems: [],
  wants: () => ({ kind: 'autoexec' }) as const,
} as const;
const ofMachineNow = {
  serves: 'asset',
  query: {},
  problems: [...ofMachine, 'unknown-asset'],
  wants: ({ params }: Asking) => ({ kind: 'current', part: partIn(params) }) as const,
} as const;
const ofRevision = {
  serves: 'asset',
  query: scripted,
  problems: ['unknown-profile', 'unknown-asset', ...notIt],
  wants({ params }: Asking) {
    const { revision = '' } = params;
    return isName(revision)
      ? ({ kind: 'revision', revision, part: partIn(params) } as const)
      : badName(revision);
  },
} as const;
const ofImage = {
  serves: 'asset',
  query: { arch: 'Architecture, where a bare name does not say it' },
  problems: ['unknown-asset', 'no-such-route', 'bad-input'],
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
  { path: '/m/{mac}/initrd/{n}', ...ofMachineNow, summary: 'What the machine boots now' },
  { path: '/m/{mac}/{part}', ...ofMachineNow, summary: 'What the machine boots now' },
  { path: '/asset/{revision}/initrd/{n}', ...ofRevision, summary: "A profile's n-th initrd" },
  { path: '/asset/{revision}/{part}', ...ofRevision, summary: "A profile's kernel, initrd, efi or iso" },
  { path: '/assets/{image}/{kind}', ...ofImage, wants: imagePart, summary: "An image's kernel or initrd" },
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

/** `kernel`, or `initrd/1`. */
function partIn({ part = '', n }: Asking['params']): string {
  return n === undefined ? part : `initrd/${n}`;
}

/** By its id, by the id of one of its assets, or by its bare name. */
function imagePart({ params: { image: text = '', kind }, query }: Asking): Wanted | Refusal {
  if (kind !== 'kernel' && kind !== 'initrd')
    return refuse('unknown-asset', 'An image has a kernel and an initrd, nothing else.');
  const image = parseImageId(text);
  return image ? ofImageNamed(image, kind, query) : badName(text);
}

/** A name and what ends it, which says what is wanted: one ending is taken off, so that `a-kernel-kernel.img` is the kernel of `a-kernel`. */
function fileOf(...endings: readonly (readonly [ending: string, kind: 'kernel' | 'initrd'])[]) {
  return ({ params: { file = '' }, query }: Asking): Wanted | Refusal => {
    const [ending, kind] = endings.find(([one]) => file.endsWith(one)) ?? [];
    if (!ending || !kind) {
      const known = endings.map(([one]) => `NAME${one}`).join(' and ');
      return refuse('no-such-route', `There is no ${file.slice(0, 140)} here, only ${known}.`);
    }
    const name = file.slice(0, -ending.length);
    return isName(name) ? ofImageNamed({ by: 'name', name }, kind, query) : badName(name);
  };
}

function ofImageNamed(image: ImageName, part: 'kernel' | 'initrd', query: Query): Wanted | Refusal {
  const arch = parseArch(query('arch') ?? 'x86_64');
  if (arch) return { kind: 'image', image, part, arch };
  return refuse('bad-input', 'The arch parameter is neither x86_64 nor arm64.');
}

function badName(text: string): Refusal {
  return refuse(
    'bad-request-target',
    `"${text.slice(0, 140)}" is no name: names have 1 to 128 of A-Z a-z 0-9 . _ -`,
  );
}
