import type { AssetKind } from './asset-name.ts';

/** What a profile takes assets as: in each place a reference, or what it was resolved to. */
export interface Slots<One> {
  readonly kernel?: One;
  readonly initrds: readonly One[];
  readonly efi?: One;
  readonly iso?: One;
  readonly rootfs?: One;
  /** What else a live system fetches, by the names that its profile gives them. */
  readonly files?: Readonly<Record<string, One>>;
}

/** One place: where it stands in a profile, and what has to stand there. */
export interface Slot {
  readonly field: readonly (string | number)[];
  readonly kind: AssetKind;
  /** What it is called in URLs: `kernel`, `initrd/1`, `file/NAME`. */
  readonly part: string;
}

/** Those that a profile has at most once, in the order in which they are told. */
const singleSlots = ['kernel', 'efi', 'iso', 'rootfs'] as const;

/** The same places, with something else in each; what is mapped to nothing is left out. Files are in the order of their names. */
export function mapSlots<From, To>(
  { initrds, files = {}, ...slots }: Slots<From>,
  map: (one: From, slot: Slot) => To | undefined,
): { -readonly [Key in keyof Slots<To>]: Slots<To>[Key] } {
  const singles = singleSlots.flatMap((kind) => {
    const one = slots[kind];
    const to = one === undefined ? undefined : map(one, { field: [kind], kind, part: kind });
    return to === undefined ? [] : [[kind, to] as const];
  });
  const loaded = initrds.flatMap((one, n) => {
    const to = map(one, { field: ['initrds', n], kind: 'initrd', part: `initrd/${n}` });
    return to === undefined ? [] : [to];
  });
  const named = Object.keys(files)
    .sort()
    .flatMap((name) => {
      const to = map(files[name] as From, {
        field: ['files', name],
        kind: 'file',
        part: `file/${name}`,
      });
      return to === undefined ? [] : [[name, to] as const];
    });
  return {
    ...Object.fromEntries(singles),
    initrds: loaded,
    ...(named.length > 0 && { files: Object.fromEntries(named) }),
  };
}

/** What stands in each place, with the place. */
export function filledSlots<One>(slots: Slots<One>): readonly (readonly [Slot, One])[] {
  const filled: (readonly [Slot, One])[] = [];
  mapSlots(slots, (one, slot) => void filled.push([slot, one]));
  return filled;
}
