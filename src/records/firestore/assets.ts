import type { Asset } from '../../boot/asset/asset.ts';
import type { AssetName } from '../../boot/asset/asset-name.ts';
import { damagedIn } from '../../boot/asset/condition.ts';
import type { Upload } from '../../boot/asset/upload.ts';
import { assetFields } from '../../boot/fields/asset.ts';
import { uploadFields } from '../../boot/fields/upload.ts';
import type { AssetRecords } from '../records.ts';
import { type Content, type Documents, documentOf, type Place } from './documents.ts';
import { pageOf } from './page.ts';
import { searched } from './search.ts';
import type { Store } from './store.ts';

/** A session that an upload opened lives for a week after the URL expired; then there is time to look what went wrong. */
const uploadKeptMs = 30 * 24 * 3600 * 1000;

/**
 * Assets, and the uploads that bring their bytes. An asset's document is called `kind:name:version:arch`, with `@filename` behind it where
 * it has one (of these only the version may have a `:`, and none an `@`), so that no two assets share a name; its id is a field.
 */
export function assetRecords(store: Store): AssetRecords {
  return {
    upload: (id) =>
      store.read('reading an upload', async (documents) => {
        const [found] = await documents.get(['uploads', id]);
        return documentOf<Upload>(found);
      }),
    listUploads: (filter, page) =>
      store.read('listing uploads', (documents) =>
        pageOf<Upload>(documents, 'uploads', searched(uploadFields, filter), page),
      ),

    asset: (id) =>
      store.read('reading an asset', async (documents) => (await queried(documents, { id }, 1))[0]),
    namedAsset: (name) =>
      store.read('finding an asset', async (documents) =>
        documentOf<Asset>((await documents.get(assetPlace(name)))[0]),
      ),
    listAssets: (filter, page) =>
      store.read('listing assets', (documents) =>
        pageOf<Asset>(documents, 'assets', searched(assetFields, filter), page),
      ),
    newestAsset: ({ kind, name, arch }) =>
      store.read('finding the newest asset', async (documents) => {
        // What a document lacks cannot be asked for. An image has some few files beside the one without a filename.
        for (let limit = 8; ; limit *= 8) {
          const found = await documents.query({
            from: 'assets',
            where: equal({ kind, name, arch, state: 'ready' }),
            order: 'DESCENDING',
            by: 'ready_at',
            limit,
          });
          const newest = found.find(({ document }) => document.filename === undefined);
          if (newest || found.length < limit) return documentOf<Asset>(newest);
        }
      }),
    damagedAssets: () =>
      store.read('reading which assets are damaged', async (documents) =>
        (await queried(documents, { condition: 'damaged' })).map(damagedIn),
      ),
    imageAssets: (name) =>
      store.read('reading the assets of an image', (documents) =>
        queried(documents, { name, state: 'ready' }),
      ),
  };
}

export const assetPlace = ({ kind, name, version, arch, filename }: AssetName): Place => [
  'assets',
  [kind, name, version, arch].join(':') + (filename === undefined ? '' : `@${filename}`),
];

export function uploadContent(upload: Upload): Content {
  return { document: upload, expire_at: new Date(Date.parse(upload.expires_at) + uploadKeptMs) };
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
