import type { Asset, AssetName } from '../../boot/asset.ts';
import { assetFields } from '../../boot/fields/asset.ts';
import { uploadFields } from '../../boot/fields/upload.ts';
import type { Upload } from '../../boot/upload.ts';
import { isAsExpected } from '../conflict.ts';
import type { AssetRecords } from '../records.ts';
import { searched } from './search.ts';
import { documents, only, pageOf, type Sql } from './sql.ts';
import { remember } from './write.ts';

/** Assets, and the uploads that bring their bytes. */
export function assetRecords(sql: Sql): AssetRecords {
  const byName = ({ kind, name, version, arch }: AssetName) =>
    only<Asset>(
      sql,
      'SELECT body FROM assets WHERE kind = ? AND name = ? AND version = ? AND arch = ?',
      kind,
      name,
      version,
      arch,
    );

  const byId = (id: string) => only<Asset>(sql, 'SELECT body FROM assets WHERE id = ?', id);

  return {
    createUpload: (upload, announced, audit = []) =>
      sql.write('creating an upload', () => {
        const known = byName(announced);
        if (known && known.state !== 'created' && known.state !== 'uploading')
          return { kind: 'asset-exists', asset: known };
        const asset = known ? { ...announced, id: known.id, created_at: known.created_at } : announced;
        if (known) sql.run('UPDATE assets SET body = ? WHERE id = ?', JSON.stringify(asset), asset.id);
        else sql.run('INSERT INTO assets (body) VALUES (?)', JSON.stringify(asset));
        const stored: Upload = { ...upload, asset_id: asset.id };
        sql.run('INSERT INTO uploads (body) VALUES (?)', JSON.stringify(stored));
        remember(sql, audit);
        return { kind: 'created', asset };
      }),
    upload: (id) =>
      sql.read('reading an upload', () => only<Upload>(sql, 'SELECT body FROM uploads WHERE id = ?', id)),
    listUploads: (filter, page) =>
      sql.read('listing uploads', () => pageOf<Upload>(sql, 'uploads', searched(uploadFields, filter), page)),

    asset: (id) => sql.read('reading an asset', () => byId(id)),
    namedAsset: (name) => sql.read('finding an asset', () => byName(name)),
    listAssets: (filter, page) =>
      sql.read('listing assets', () => pageOf<Asset>(sql, 'assets', searched(assetFields, filter), page)),
    newestAsset: ({ kind, name, arch }) =>
      sql.read('finding the newest asset', () => {
        const newest = documents<Asset>(
          sql,
          `SELECT body FROM assets WHERE kind = ? AND name = ? AND arch = ? AND state = 'ready'
           ORDER BY body ->> 'ready_at' DESC LIMIT 1`,
          kind,
          name,
          arch,
        );
        return newest[0];
      }),
    imageAssets: (name) =>
      sql.read('reading the assets of an image', () =>
        documents<Asset>(
          sql,
          `SELECT body FROM assets WHERE name = ? AND state = 'ready' AND kind IN ('kernel', 'initrd') ORDER BY seq`,
          name,
        ),
      ),
    changeAsset: (asset, expected, upload, audit = []) =>
      sql.write('changing an asset', () => {
        const known = byId(asset.id);
        if (!isAsExpected(known, expected)) return false;
        sql.run('UPDATE assets SET body = ? WHERE id = ?', JSON.stringify(asset), asset.id);
        if (upload) sql.run('UPDATE uploads SET body = ? WHERE id = ?', JSON.stringify(upload), upload.id);
        remember(sql, audit);
        return true;
      }),
  };
}
