import type { Asset, AssetName } from '../../boot/asset.ts';
import type { Upload } from '../../boot/upload.ts';
import { isAsExpected } from '../conflict.ts';
import type { AssetRecords } from '../records.ts';
import { headPlace, remembered } from './audit.ts';
import { announced as told } from './changes.ts';
import {
  type Documents,
  documentOf,
  type Found,
  isStored,
  type Place,
  put,
  type Write,
} from './documents.ts';
import { pageOf } from './page.ts';
import type { Store } from './store.ts';

/** A session that an upload opened lives for a week after the URL expired; then there is time to look what went wrong. */
const uploadKeptMs = 30 * 24 * 3600 * 1000;

/**
 * Assets, and the uploads that bring their bytes. An asset's document is called `kind:name:version:arch` (`:` stands in no name), so
 * that no two assets share a name; its id is a field.
 */
export function assetRecords(store: Store): AssetRecords {
  return {
    createUpload: (upload, announced, audit = []) =>
      store.write('creating an upload', async (documents, { mayHaveLanded }) => {
        const [found, own, head] = await documents.get(assetPlace(announced), uploadPlace(upload), headPlace);
        const known = documentOf<Asset>(found);
        if (known && own && mayHaveLanded) return { kind: 'created', asset: known };
        if (known && known.state !== 'created' && known.state !== 'uploading')
          return { kind: 'asset-exists', asset: known };
        const asset = known ? { ...announced, id: known.id, created_at: known.created_at } : announced;
        await documents.commit(
          put(assetPlace(asset), found, { document: asset }),
          uploadWrite(own, { ...upload, asset_id: asset.id }),
          ...remembered(audit, head),
          ...told([{ kind: 'asset', id: asset.id }]),
        );
        return { kind: 'created', asset };
      }),
    upload: (id) =>
      store.read('reading an upload', async (documents) => {
        const [found] = await documents.get(['uploads', id]);
        return documentOf<Upload>(found);
      }),
    listUploads: ({ state }, page) =>
      store.read('listing uploads', (documents) => pageOf<Upload>(documents, 'uploads', { state }, page)),

    asset: (id) =>
      store.read('reading an asset', async (documents) => (await queried(documents, { id }, 1))[0]),
    namedAsset: (name) =>
      store.read('finding an asset', async (documents) =>
        documentOf<Asset>((await documents.get(assetPlace(name)))[0]),
      ),
    listAssets: ({ kind, name, version, state }, page) =>
      store.read('listing assets', (documents) =>
        pageOf<Asset>(documents, 'assets', { kind, name, version, state }, page),
      ),
    newestAsset: ({ kind, name, arch }) =>
      store.read('finding the newest asset', async (documents) => {
        const [newest] = await documents.query({
          from: 'assets',
          where: equal({ kind, name, arch, state: 'ready' }),
          order: 'DESCENDING',
          by: 'ready_at',
          limit: 1,
        });
        return documentOf<Asset>(newest);
      }),
    imageAssets: (name) =>
      store.read('reading the assets of an image', async (documents) => {
        const ready = await queried(documents, { name, state: 'ready' });
        return ready.filter(({ kind }) => kind === 'kernel' || kind === 'initrd');
      }),
    changeAsset: (asset, expected, upload, audit = []) =>
      store.write('changing an asset', async (documents, { mayHaveLanded }) => {
        const [found, head, own] = await documents.get(
          assetPlace(asset),
          headPlace,
          ...(upload ? [uploadPlace(upload)] : []),
        );
        if (mayHaveLanded && isStored(found, asset)) return true;
        const known = documentOf<Asset>(found);
        if (!found || known?.id !== asset.id) return false;
        if (!isAsExpected(known, expected)) return false;
        await documents.commit(
          { kind: 'change', found, content: { document: asset } },
          ...(upload ? [uploadWrite(own, upload)] : []),
          ...remembered(audit, head),
          ...told([{ kind: 'asset', id: asset.id }]),
        );
        return true;
      }),
  };
}

export const assetPlace = ({ kind, name, version, arch }: AssetName): Place => [
  'assets',
  [kind, name, version, arch].join(':'),
];

const uploadPlace = ({ id }: Upload): Place => ['uploads', id];

function uploadWrite(found: Found | undefined, upload: Upload): Write {
  const { expires_at } = upload;
  const expire_at = new Date(Date.parse(expires_at) + uploadKeptMs);
  return put(uploadPlace(upload), found, { document: upload, expire_at });
}

function equal(fields: Readonly<Record<string, string>>) {
  return Object.entries(fields).map(([field, value]) => ({ field, op: 'EQUAL' as const, value }));
}

async function queried(
  documents: Documents,
  where: Readonly<Record<string, string>>,
  limit?: number,
): Promise<Asset[]> {
  const found = await documents.query({
    from: 'assets',
    where: equal(where),
    ...(limit !== undefined && { limit }),
  });
  return found.flatMap((each) => documentOf<Asset>(each) ?? []);
}
