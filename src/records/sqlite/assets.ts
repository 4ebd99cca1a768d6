import type { Asset } from '../../boot/asset/asset.ts';
import type { AssetName } from '../../boot/asset/asset-name.ts';
import { damagedIn } from '../../boot/asset/condition.ts';
import type { Upload } from '../../boot/asset/upload.ts';
import { assetFields } from '../../boot/fields/asset.ts';
import { uploadFields } from '../../boot/fields/upload.ts';
import type { AssetRecords } from '../records.ts';
import { searched } from './search.ts';
import { documents, only, pageOf, type Sql } from './sql.ts';

/** Assets, and the uploads that bring their bytes. */
export function assetRecords(sql: Sql): AssetRecords {
  return {
    upload: (id) =>
      sql.read('reading an upload', () => only<Upload>(sql, 'SELECT body FROM uploads WHERE id = ?', id)),
    listUploads: (filter, page) =>
      sql.read('listing uploads', () => pageOf<Upload>(sql, 'uploads', searched(uploadFields, filter), page)),

    asset: (id) =>
      sql.read('reading an asset', () => only<Asset>(sql, 'SELECT body FROM assets WHERE id = ?', id)),
    namedAsset: (name) => sql.read('finding an asset', () => namedAsset(sql, name)),
    listAssets: (filter, page) =>
      sql.read('listing assets', () => pageOf<Asset>(sql, 'assets', searched(assetFields, filter), page)),
    newestAsset: ({ kind, name, arch }) =>
      sql.read('finding the newest asset', () => {
        const newest = documents<Asset>(
          sql,
          `SELECT body FROM assets WHERE kind = ? AND name = ? AND arch = ? AND filename = '' AND state = 'ready'
           ORDER BY body ->> 'ready_at' DESC LIMIT 1`,
          kind,
          name,
          arch,
        );
        return newest[0];
      }),
    damagedAssets: () =>
      sql.read('reading which assets are damaged', () =>
        documents<Asset>(sql, `SELECT body FROM assets WHERE condition = 'damaged'`).map(damagedIn),
      ),
    imageAssets: (name) =>
      sql.read('reading the assets of an image', () =>
        documents<Asset>(
          sql,
          `SELECT body FROM assets WHERE name = ? AND state = 'ready' ORDER BY seq`,
          name,
        ),
      ),
  };
}

export function namedAsset(
  sql: Sql,
  { kind, name, version, arch, filename = '' }: AssetName,
): Asset | undefined {
  return only<Asset>(
    sql,
    'SELECT body FROM assets WHERE kind = ? AND name = ? AND version = ? AND arch = ? AND filename = ?',
    kind,
    name,
    version,
    arch,
    filename,
  );
}
