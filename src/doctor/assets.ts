import { type CarryingResource, carriedBy } from '../blobs/carried.ts';
import type { Asset } from '../boot/asset/asset.ts';
import { assetTitle } from '../boot/asset/asset-name.ts';
import { ungranted } from '../boot/asset/carried.ts';
import { damageSeen, hasBytes } from '../boot/asset/condition.ts';
import { every, type Records } from '../records/records.ts';
import { said } from './ask.ts';
import { failed, type Outcome, passed } from './finding.ts';
import { objectsIn } from './json-api.ts';
import type { Storage } from './storage.ts';

/** An object as the JSON API shows it. */
type Resource = CarryingResource & Readonly<Record<'generation' | 'size' | 'crc32c', unknown>>;

/** How many are asked for at once, and how many of those that are wrong are named. */
const atOnce = 8;
const mostNamed = 10;

/** Whether each asset that machines may be given still has its bytes: by metadata, and by the first byte. */
export async function checkAssets(storage: Storage, open: () => Records): Promise<Outcome<never>> {
  const records = open();
  let assets: Asset[];
  try {
    assets = await Array.fromAsync(every((page) => records.listAssets({}, page)));
  } finally {
    await records.close();
  }
  const boots = assets.filter(hasBytes);
  const wrong: string[] = [];
  for (let first = 0; first < boots.length; first += atOnce) {
    const found = await Promise.all(
      boots.slice(first, first + atOnce).map((asset) => faultOf(asset, storage)),
    );
    wrong.push(...found.filter((fault) => fault !== undefined));
  }
  if (boots.length === 0) return passed('none is ready yet');
  if (wrong.length === 0) return passed(`all ${boots.length} have their bytes`);
  const more = wrong.length > mostNamed ? ` and ${wrong.length - mostNamed} more;` : '';
  return failed(
    `${wrong.length} of ${boots.length}: ${wrong.slice(0, mostNamed).join('; ')};${more} restore what is lost and have it read (bootbroker asset scrub), or push it as a new version`,
  );
}

async function faultOf(asset: Asset, storage: Storage): Promise<string | undefined> {
  const objects = objectsIn({ ...storage, bucket: asset.bucket });
  const fault = (how: string) => `${assetTitle(asset)}: ${how}`;
  const stat = await objects.stat(asset.object);
  if (stat.status !== 200 && stat.status !== 404) return fault(said(stat));
  const metadata: Resource | undefined = stat.status === 404 ? undefined : JSON.parse(stat.body.toString());
  const damage = damageSeen(asset, metadata && seenIn(metadata));
  if (damage) return fault(damage);
  const first = await objects.firstByte(asset.object);
  if (first.status !== 206) return fault(`its first byte cannot be read: ${said(first)}`);
  if (asset.damage) return fault(asset.damage);
  const other = metadata && ungranted(carriedBy(metadata));
  return other && fault(`${other}, which somebody with rights on the bucket has changed`);
}

function seenIn({ generation, size, crc32c }: Resource) {
  return { generation: String(generation), size: Number(size), crc32c: String(crc32c) };
}
