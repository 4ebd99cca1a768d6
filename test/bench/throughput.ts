import { fetchHash, fetchRate } from './fetch.ts';
import type { Scene } from './scene.ts';
import { median, round, spread } from './statistics.ts';

/** MB/s of one large asset through each server, by turns, so that what disturbs one disturbs all. */
export async function measureThroughput({ storage, large, startBroker, startNginx }: Scene, rounds: number) {
  const broker = await startBroker();
  const nginx = await startNginx();
  const wide = await startNginx('64k');
  const lanes = {
    storage: { url: storage.origin + large.signed, rates: [] as number[] },
    broker: { url: broker.origin + large.asset, rates: [] as number[] },
    nginx: { url: nginx.origin + large.signed, rates: [] as number[] },
    nginx_64k: { url: wide.origin + large.signed, rates: [] as number[] },
  };
  for (const { url } of Object.values(lanes))
    if ((await fetchHash(url)) !== large.sha256) throw new Error(`${url} gave other bytes`);
  for (let turn = -2; turn < rounds; turn += 1)
    for (const { url, rates } of Object.values(lanes)) {
      const rate = await fetchRate(url, large.size);
      if (turn >= 0) rates.push(rate);
    }
  for (const server of [broker, nginx, wide]) await server.stop();

  const ofBroker = ({ rates }: { rates: number[] }) =>
    round(median(lanes.broker.rates.map((rate, turn) => rate / (rates[turn] ?? Number.NaN))), 2);
  return {
    mb_per_s: {
      'the storage itself': spread(lanes.storage.rates),
      broker: spread(lanes.broker.rates),
      nginx: spread(lanes.nginx.rates),
      'nginx, 64k buffer': spread(lanes.nginx_64k.rates),
    },
    broker_to: {
      nginx: ofBroker(lanes.nginx),
      'nginx, 64k buffer': ofBroker(lanes.nginx_64k),
      'the storage itself': ofBroker(lanes.storage),
    },
  };
}
