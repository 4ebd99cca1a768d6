import type { Arch } from '../asset/asset-name.ts';
import { bootable, type ProfileRevision } from '../profile.ts';
import type { Content } from './content.ts';
import { type DesiredProfile, type Fault, fault, type ProfileChoice, profileName } from './desired.ts';
import type { RevisionBook } from './revisions.ts';

/** A machine or a rule that is to boot a profile. */
export interface User {
  readonly path: Fault['path'];
  readonly choice: ProfileChoice;
  /** For which it takes the profile when that says none itself. */
  readonly arch: Arch;
  /** What it boots now. */
  readonly present: ProfileRevision | undefined;
}

export interface Chosen {
  /** The revision for each user, in the same order; undefined where there is a fault. */
  readonly revisions: readonly (ProfileRevision | undefined)[];
  /** The newest revision of each shared profile, where that is a new one. */
  readonly renewed: ReadonlyMap<string, ProfileRevision>;
  readonly faults: readonly Fault[];
}

/**
 * Finds or makes the revision that each user is to boot. A profile that several share comes last among the new revisions of its
 * name, so that the newest of a name is what the files call by it, not what one machine has of its own.
 */
export function chooseRevisions(
  shared: readonly DesiredProfile[],
  users: readonly User[],
  book: RevisionBook,
): Chosen {
  const faults: Fault[] = [...sharedFaults(shared), ...users.flatMap(ownFaults)];
  const byName = new Map(shared.map((profile, index) => [profile.name, { profile, index }]));
  const mains = mainArchs(shared, users);
  const mainArch = ({ name, arch }: DesiredProfile): Arch => arch ?? mains.get(name) ?? 'x86_64';
  const keep = (found: ProfileRevision | readonly Fault[]) => {
    if (!isFaults(found)) return found;
    faults.push(...found);
    return undefined;
  };
  /** One for each profile and architecture, however many machines boot it. */
  const contents = new Map<DesiredProfile, Map<Arch, Content>>();
  const contentOf = (profile: DesiredProfile, arch: Arch): Content => {
    const byArch = contents.get(profile) ?? new Map<Arch, Content>();
    const content = byArch.get(arch) ?? { ...profile, arch };
    contents.set(profile, byArch.set(arch, content));
    return content;
  };
  const contentFor = ({ choice, arch, path }: User) => {
    const listed = typeof choice === 'string' ? byName.get(choice) : undefined;
    const profile = typeof choice === 'string' ? listed?.profile : choice;
    if (!profile) return undefined;
    const content = contentOf(profile, profile.arch ?? arch);
    return {
      content,
      main: listed !== undefined && content.arch === mainArch(profile),
      path: listed ? ['profiles', listed.index] : [...path, 'profile'],
    };
  };

  const revisions: (ProfileRevision | undefined)[] = users.map(() => undefined);
  for (const wanted of ['others', 'main'] as const) {
    if (wanted === 'main')
      for (const [index, profile] of shared.entries())
        keep(book.newestHaving(contentOf(profile, mainArch(profile)), ['profiles', index]));
    if (faults.length > 0) return { revisions, renewed: new Map(), faults };
    for (const [index, user] of users.entries()) {
      const found = contentFor(user);
      if (!found) {
        if (wanted === 'main') revisions[index] = keep(existing(user, book));
      } else if (found.main === (wanted === 'main'))
        revisions[index] = keep(book.having(found.content, user.present, found.path));
    }
  }
  const renewed = shared.flatMap(({ name }) => {
    const newest = book.newest(name);
    return newest && book.made.includes(newest) ? [[name, newest] as const] : [];
  });
  return { revisions, renewed: new Map(renewed), faults };
}

/** For which architecture the newest revision of a shared profile is: x86_64, unless only others use it. */
function mainArchs(shared: readonly DesiredProfile[], users: readonly User[]): ReadonlyMap<string, Arch> {
  const used = Map.groupBy(users, ({ choice }) => profileName(choice));
  const byName = shared.map(({ name }): [string, Arch] => {
    const some = (used.get(name) ?? []).filter(({ choice }) => typeof choice === 'string');
    return [name, some.length === 0 || some.some(({ arch }) => arch === 'x86_64') ? 'x86_64' : 'arm64'];
  });
  return new Map(byName);
}

/** A profile that is not in the files: what is there of it. */
function existing({ choice, present, arch, path }: User, book: RevisionBook): ProfileRevision | Fault[] {
  const name = String(choice);
  if (present?.name === name) return present;
  const newest = book.newest(name);
  if (!newest)
    return [fault([...path, 'profile'], `there is no profile ${name}, neither here nor on the broker`)];
  if (newest.arch === arch && book.bootable(newest)) return newest;
  if (newest.arch === arch)
    return [
      fault(
        [...path, 'profile'],
        `the newest revision of ${name} on the broker boots assets that are retired or gone`,
      ),
    ];
  return [
    fault(
      [...path, 'profile'],
      `the newest revision of ${name} on the broker is for ${newest.arch}, not ${arch}; list the profile here`,
    ),
  ];
}

function sharedFaults(shared: readonly DesiredProfile[]): Fault[] {
  const seen = new Set<string>();
  return shared.flatMap((profile, index) => {
    const again = seen.has(profile.name);
    seen.add(profile.name);
    return [
      ...(again ? [fault(['profiles', index, 'name'], `there are two profiles ${profile.name}`)] : []),
      ...bootFaults(profile, ['profiles', index]),
    ];
  });
}

function ownFaults({ choice, path }: User): Fault[] {
  return typeof choice === 'string' ? [] : bootFaults(choice, [...path, 'profile']);
}

function bootFaults(profile: DesiredProfile, path: Fault['path']): Fault[] {
  const refusal = bootable(profile);
  return refusal ? [fault(path, refusal.detail)] : [];
}

function isFaults(value: ProfileRevision | readonly Fault[]): value is readonly Fault[] {
  return Array.isArray(value);
}
