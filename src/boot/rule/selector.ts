import type { Arch } from '../asset/asset-name.ts';
import type { Machine } from '../machine/machine.ts';
import type { Make } from '../machine/make.ts';
import { parseNetwork } from '../network.ts';
import { parseArch } from '../profile.ts';
import { type Hardware, type HardwareWanted, hardwareText, judgeHardware } from './hardware.ts';
import { type Judgement, judgedAll, judgedAny, open, said } from './judgement.ts';
import { isLike } from './pattern.ts';

/** Which machines a rule is about. `{all: []}` is about every machine, `{any: []}` about none. */
export type Selector =
  | { readonly all: readonly Selector[] }
  | { readonly any: readonly Selector[] }
  | { readonly not: Selector }
  | { readonly mac: string }
  | { readonly uuid: string }
  | { readonly serial: string }
  /** One label; `true`: it is there, whatever it says. */
  | { readonly label: Readonly<Record<string, string | true>> }
  | { readonly arch: Arch }
  /** CIDR of the address that the request comes from. */
  | { readonly network: string }
  | { readonly hardware: HardwareWanted }
  /** A pattern of who made it, or of what they call it. */
  | { readonly manufacturer: string }
  | { readonly product: string };

/** How deep selectors nest, and how many parts one has at most. */
export const deepestSelector = 8;
export const largestSelector = 256;

/** Who asks, as selectors see it. What nobody knows is left out: a selector then neither matches nor fails to. */
export interface Subject extends Make {
  readonly macs: readonly string[];
  readonly uuid?: string;
  readonly serial?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hardware?: Hardware;
  readonly arch?: Arch;
  readonly source?: string;
}

/** What a request adds to what is known of a machine. */
export interface Circumstances {
  readonly arch?: Arch;
  readonly source?: string;
  readonly make?: Make;
}

/** What an administrator wrote down, the architecture as the label `arch`, wins over what the caller claims. */
export function subjectOf(machine: Machine, { arch, source, make }: Circumstances = {}): Subject {
  const { macs, uuid, serial, labels, hardware } = machine;
  const known = parseArch(labels.arch) ?? arch;
  const manufacturer = hardware?.manufacturer ?? make?.manufacturer;
  const product = hardware?.product ?? make?.product;
  return {
    macs,
    labels,
    ...(uuid && { uuid }),
    ...(serial && { serial }),
    ...(known && { arch: known }),
    ...(source && { source }),
    ...(hardware && { hardware }),
    ...(manufacturer && { manufacturer }),
    ...(product && { product }),
  };
}

export function judge(selector: Selector, subject: Subject): Judgement {
  const each = (selectors: readonly Selector[]) => selectors.map((one) => judge(one, subject));
  if ('all' in selector) return judgedAll(each(selector.all), 'all of nothing: every machine');
  if ('any' in selector) return judgedAny(each(selector.any), 'any of nothing: no machine');
  if ('not' in selector) {
    const part = judge(selector.not, subject);
    const match = part.match === 'yes' ? 'no' : part.match === 'no' ? 'yes' : 'unknown';
    return { match, because: `not: ${part.because}` };
  }
  if ('mac' in selector) {
    const has = subject.macs.includes(selector.mac);
    return said(
      has,
      `mac ${selector.mac} is ${has ? 'one of its own' : `not among ${subject.macs.join(', ') || 'its none'}`}`,
    );
  }
  if ('uuid' in selector) return equal('uuid', selector.uuid, subject.uuid);
  if ('serial' in selector) return equal('serial', selector.serial, subject.serial);
  if ('label' in selector) return judgeLabels(selector.label, subject.labels);
  if ('arch' in selector)
    return subject.arch
      ? equal('arch', selector.arch, subject.arch)
      : open(`arch is ${selector.arch} only if the machine says so when it asks`);
  if ('hardware' in selector) return judgeHardware(selector.hardware, subject.hardware);
  if ('manufacturer' in selector)
    return judgeMake('manufacturer', selector.manufacturer, subject.manufacturer);
  if ('product' in selector) return judgeMake('product', selector.product, subject.product);
  if (!subject.source) return open(`nobody says from where it asks: network ${selector.network}`);
  const within = parseNetwork(selector.network)?.contains(subject.source) ?? false;
  return said(within, `source ${subject.source} is ${within ? '' : 'not '}in network ${selector.network}`);
}

function judgeLabels(
  wanted: Readonly<Record<string, string | true>>,
  labels: Readonly<Record<string, string>>,
): Judgement {
  const parts = Object.entries(wanted).map(([name, value]) => {
    const has = Object.hasOwn(labels, name) ? labels[name] : undefined;
    if (has === undefined) return said(false, `there is no label ${name}`);
    if (value === true || value === has) return said(true, `label ${name} is ${has}`);
    return said(false, `label ${name} is ${has}, not ${value}`);
  });
  const wrong = parts.find(({ match }) => match === 'no');
  return wrong ?? said(true, parts.map(({ because }) => because).join(' and '));
}

function equal(what: string, wanted: string, has: string | undefined): Judgement {
  if (has === undefined) return said(false, `the machine has no ${what}`);
  return said(has === wanted, `${what} is ${has}${has === wanted ? '' : `, not ${wanted}`}`);
}

function judgeMake(what: 'manufacturer' | 'product', wanted: string, has: string | undefined): Judgement {
  if (has === undefined) return open(`${what} is like ${wanted} only if the machine says so when it asks`);
  const like = isLike(wanted, has);
  return said(like, `${what} ${like ? `${has} is` : `is ${has}, not`} like ${wanted}`);
}

/** Whether the whole selector stays within what is judged on every boot. */
export function selectorFault(selector: unknown): string | undefined {
  let parts = 0;
  let deepest = 0;
  const walk = (value: unknown, depth: number): void => {
    parts += 1;
    deepest = Math.max(deepest, depth);
    if (parts > largestSelector || depth > deepestSelector) return;
    for (const child of childrenOf(value)) walk(child, depth + 1);
  };
  walk(selector, 1);
  if (deepest > deepestSelector) return `must not nest deeper than ${deepestSelector} levels`;
  if (parts > largestSelector) return `must not have more than ${largestSelector} parts`;
  return undefined;
}

function childrenOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const { all, any, not } = value as Record<string, unknown>;
  const lists = [all, any].flatMap((list) => (Array.isArray(list) ? list : []));
  return not === undefined ? lists : [...lists, not];
}

/** Whether it asks from where a machine calls. */
export function asksForSource(selector: Selector): boolean {
  if ('network' in selector) return true;
  return (childrenOf(selector) as readonly Selector[]).some(asksForSource);
}

/** A selector in one line, as a person would say it. */
export function selectorText(selector: Selector): string {
  const list = (parts: readonly Selector[], word: string) =>
    parts.map((part) => selectorText(part)).join(` ${word} `);
  if ('all' in selector)
    return selector.all.length === 0 ? 'every machine' : `(${list(selector.all, 'and')})`;
  if ('any' in selector) return selector.any.length === 0 ? 'no machine' : `(${list(selector.any, 'or')})`;
  if ('not' in selector) return `not ${selectorText(selector.not)}`;
  if ('hardware' in selector) return hardwareText(selector.hardware);
  if ('manufacturer' in selector) return `manufacturer like ${selector.manufacturer}`;
  if ('product' in selector) return `product like ${selector.product}`;
  const [[kind, value] = ['', '']] = Object.entries(selector);
  if (typeof value !== 'object') return `${kind} ${value}`;
  return Object.entries(value)
    .map(([name, wanted]) => (wanted === true ? `label ${name}` : `label ${name}=${wanted}`))
    .join(' and ');
}
