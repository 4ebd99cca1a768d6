import type { Asset } from '../../boot/asset/asset.ts';
import type { AssetKind } from '../../boot/asset/asset-name.ts';
import { parseNameAtVersion } from '../../boot/asset/asset-reference.ts';
import { parseMac } from '../../boot/machine/identity.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import type { Rule } from '../../boot/rule/rule.ts';
import { Failure } from '../verb/failure.ts';
import { type Api, accepted, allItems } from './api.ts';

interface Only {
  readonly kind?: AssetKind;
  readonly arch?: string;
}

/** The id of the machine that an administrator means: its id, or any spelling of one of its MACs. */
export async function machineId(from: Api, text: string): Promise<string> {
  const mac = parseMac(text);
  if (!mac) return text;
  const [machine] = await allItems<Machine>(from, 'machines', { mac });
  if (machine) return machine.id;
  throw new Failure('refused', `no machine has the MAC ${mac}; register it with bootbroker machine add`);
}

/** The assets that an administrator means by several words: all are found before anything is done to the first. */
export async function allAssetsNamed(
  from: Api,
  texts: readonly string[],
  only: Only = {},
): Promise<readonly Asset[]> {
  return (await Promise.all(texts.map((text) => assetsNamed(from, text, only)))).flat();
}

/** The assets that an administrator means: one by its id or NAME@VERSION/FILENAME, or all of NAME@VERSION, such as the kernel and the initrd of an image. */
export async function assetsNamed(
  from: Api,
  text: string,
  { kind, arch }: Only = {},
): Promise<readonly Asset[]> {
  const named = parseNameAtVersion(text);
  if (!named) return [accepted(await from.get(`assets/${encodeURIComponent(text)}`)) as Asset];
  const { name, version, filename } = named;
  const all = await allItems<Asset>(from, 'assets', { name, version, kind });
  const found = all.filter(
    (asset) =>
      (arch === undefined || asset.arch === arch) && (filename === undefined || asset.filename === filename),
  );
  if (found.length > 0) return found;
  const what = [kind ?? 'asset', text, arch && `for ${arch}`].filter(Boolean).join(' ');
  throw new Failure('refused', `there is no ${what}; bootbroker asset list shows all`);
}

/** The rule that an administrator means, by its name or its id. */
export async function ruleNamed(from: Api, text: string): Promise<Rule> {
  const rules = await allItems<Rule>(from, 'rules');
  const rule = rules.find(({ id, name }) => name === text || id === text);
  if (rule) return rule;
  throw new Failure('refused', `there is no rule ${text}; list them with bootbroker rule list`);
}
