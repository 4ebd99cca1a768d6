import type { ProfileRevision } from '../profile.ts';
import { type AssetBook, type Content, isBootable, isRevisionOf, resolvedContent } from './content.ts';
import { type Fault, fault } from './desired.ts';

/** Revisions that are there, and those that the plan makes. */
export interface RevisionBook {
  /** One that has this content: `preferred` if it does, else any that does, else a new one. */
  having(
    content: Content,
    preferred: ProfileRevision | undefined,
    path: Fault['path'],
  ): ProfileRevision | readonly Fault[];
  /** Makes sure that the newest of this name has this content. */
  newestHaving(content: Content, path: Fault['path']): ProfileRevision | readonly Fault[];
  /** Whether somebody new may boot it. */
  bootable(revision: ProfileRevision): boolean;
  byId(id: string | undefined): ProfileRevision | undefined;
  newest(name: string): ProfileRevision | undefined;
  /** In the order in which they are to be written. */
  readonly made: readonly ProfileRevision[];
}

/** What a plan makes has its ids from here, and its time. */
export interface Making {
  readonly now: string;
  /** UUIDv7, each greater than the one before. */
  newId(): string;
}

export function revisionBook(
  present: readonly ProfileRevision[],
  newestPresent: ReadonlyMap<string, ProfileRevision>,
  assets: AssetBook,
  { now, newId }: Making,
): RevisionBook {
  const made: ProfileRevision[] = [];
  const byId = new Map(present.map((revision) => [revision.id, revision]));
  const byName = Map.groupBy(present, ({ name }) => name);
  const newest = new Map(newestPresent);

  const compared = new Map<Content, Map<ProfileRevision, boolean>>();
  function is(revision: ProfileRevision, content: Content): boolean {
    const known = compared.get(content) ?? new Map<ProfileRevision, boolean>();
    const same = known.get(revision) ?? isRevisionOf(revision, content, assets);
    compared.set(content, known.set(revision, same));
    return same;
  }

  function make(content: Content, path: Fault['path']): ProfileRevision | readonly Fault[] {
    const draft = resolvedContent(content, assets);
    if (isFaults(draft)) return draft.map(({ field, message }) => fault([...path, ...field], message));
    const revision = { id: newId(), ...draft, created_at: now };
    made.push(revision);
    byId.set(revision.id, revision);
    byName.set(revision.name, [revision, ...(byName.get(revision.name) ?? [])]);
    newest.set(revision.name, revision);
    return revision;
  }

  return {
    made,
    bootable: (revision) => isBootable(revision, assets),
    byId: (id) => (id === undefined ? undefined : byId.get(id)),
    newest: (name) => newest.get(name),
    having(content, preferred, path) {
      if (preferred && is(preferred, content)) return preferred;
      const known = [newest.get(content.name), ...(byName.get(content.name) ?? [])];
      const fits = (one: ProfileRevision) =>
        is(one, content) && (made.includes(one) || isBootable(one, assets));
      return known.find((one) => one && fits(one)) ?? make(content, path);
    },
    newestHaving(content, path) {
      const now = newest.get(content.name);
      return now && is(now, content) ? now : make(content, path);
    },
  };
}

function isFaults<Item>(value: object | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}
