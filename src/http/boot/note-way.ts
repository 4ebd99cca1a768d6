import { assetTitle } from '../../boot/asset/asset-name.ts';
import type { Way } from '../../boot/way.ts';
import { note } from '../plane/request-log.ts';
import type { BootContext } from './context.ts';

/** Tells the log what was found on a request's way. Who sends bytes of an asset says how many; nobody else sends any. */
export function noteWay(ctx: BootContext, { identity, machine, like, revision, asset }: Way): void {
  note(ctx, {
    ...identity,
    ...(machine && { machine: machine.id }),
    ...(like && { like }),
    ...(revision && { revision: revision.id }),
    ...(asset && { asset: asset.asset_id, asset_name: assetTitle(asset), size: asset.size, bytes: 0 }),
  });
}
