import { command } from '../support/need.ts';

/** The Debian package of each program; of Firestore's emulator, what Google's SDK calls it. */
const packages = {
  wrk: 'wrk',
  nginx: 'nginx-light libnginx-mod-http-js',
  curl: 'curl',
  taskset: 'util-linux',
  java: 'default-jre-headless',
  gcloud: 'google-cloud-cli google-cloud-cli-firestore-emulator',
} as const;

export type Program = keyof typeof packages;

/** What to install, in a sentence; undefined: all is there. */
export function missing(programs: ReadonlySet<Program>): string | undefined {
  const lacking = [...programs].filter((program) => command(program).missing());
  if (lacking.length === 0) return undefined;
  const found = lacking.map((program) => packages[program]).join(' ');
  return `The benchmark needs ${lacking.join(' and ')}. On Debian: apt-get install ${found}`;
}
