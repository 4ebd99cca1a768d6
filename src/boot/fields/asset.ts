import { assetConditions, assetStates } from '../asset/asset.ts';
import { assetKinds } from '../asset/asset-name.ts';
import type { Fields } from './field.ts';

/** What assets are searched by. */
export const assetFields = {
  kind: { kind: 'text', flag: 'kind', choices: assetKinds, search: 'what it is' },
  name: { kind: 'text', flag: 'name', search: 'only those of this name' },
  version: { kind: 'text', flag: 'version', search: 'only those of this version' },
  arch: { kind: 'text', flag: 'arch', search: 'only those of this architecture' },
  state: { kind: 'text', flag: 'state', choices: assetStates, search: 'only those in this state' },
  condition: {
    kind: 'text',
    flag: 'condition',
    choices: assetConditions,
    search: 'only those whose bytes are lost or changed',
  },
} as const satisfies Fields;
