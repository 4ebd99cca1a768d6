import { type Fields, isFields } from '../fields.ts';
import type { Section } from './sections.ts';

type Path = readonly (string | number)[];

/** An item as the API takes it, and how to find a part of it in the file. */
interface Canonical {
  readonly value: Fields;
  source(path: Path): Path;
  readonly mistakes: readonly { readonly path: Path; readonly message: string }[];
}

/** What files may say in other words: by section, the field, what the API calls it, and whether that is a list. */
const otherWords: Readonly<
  Record<Section, readonly { readonly from: string; readonly to: string; readonly list: boolean }[]>
> = {
  assets: [],
  profiles: [{ from: 'initrd', to: 'initrds', list: true }],
  rules: [],
  machines: [
    { from: 'mac', to: 'macs', list: true },
    { from: 'hostname', to: 'name', list: false },
  ],
};

/** Rewrites `mac`, `hostname` and `initrd`; a profile that a machine or a rule has of its own, too. */
export function canonical(section: Section, item: Fields): Canonical {
  const words = otherWords[section];
  const fields: Record<string, unknown> = { ...item };
  const mistakes: { path: Path; message: string }[] = [];
  const renamed = new Map<string, string>();
  const listed = new Set<string>();
  for (const { from, to, list } of words) {
    if (!Object.hasOwn(item, from)) continue;
    const value = item[from];
    if (Object.hasOwn(item, to))
      mistakes.push({ path: [from], message: `${from} and ${to} say the same; write one of them` });
    delete fields[from];
    const wraps = list && !Array.isArray(value);
    fields[to] = wraps ? [value] : value;
    renamed.set(to, from);
    if (wraps) listed.add(to);
  }
  const own = section === 'machines' || section === 'rules' ? ownProfile(fields.profile) : undefined;
  if (own) fields.profile = own.value;
  if (section === 'profiles') mistakes.push(...foreign(fields, renamed));
  mistakes.push(
    ...(own?.mistakes ?? []).map(({ path, message }) => ({ path: ['profile', ...path], message })),
  );
  return {
    value: fields,
    mistakes,
    source([first = '', ...rest]) {
      if (first === 'profile' && own) return ['profile', ...own.source(rest)];
      const before = renamed.get(String(first)) ?? first;
      return before === '' ? [] : [before, ...(listed.has(String(first)) ? rest.slice(1) : rest)];
    },
  };
}

function ownProfile(value: unknown): Canonical | undefined {
  return isFields(value) ? canonical('profiles', value) : undefined;
}

/** What other systems would take here, and this one does not. */
function foreign(profile: Fields, renamed: ReadonlyMap<string, string>): { path: Path; message: string }[] {
  const addresses = ['kernel', 'efi', 'iso', 'rootfs', 'initrds', 'files'].flatMap((field) => {
    const said = profile[field];
    const values: readonly unknown[] = isFields(said) ? Object.values(said) : [said].flat();
    const address = values.find((value) => typeof value === 'string' && /^[a-z]+:\/\//i.test(value));
    return address === undefined
      ? []
      : [
          {
            path: [renamed.get(field) ?? field],
            message: `${String(address)} is an address, and machines boot assets: list the file under assets, or bring it with bootbroker asset import, and write NAME@VERSION here`,
          },
        ];
  });
  const clouds = ['cloud_init', 'ignition'].filter((field) => Object.hasOwn(profile, field));
  return [
    ...addresses,
    ...clouds.map((field) => ({
      path: [field],
      message: `${field} is not served by this broker; keep what it says under metadata, and name its address in cmdline`,
    })),
  ];
}
