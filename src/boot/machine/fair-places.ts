/**
 * So many values at most, each under the host that it came from. When there is no room, the host that has the most gives up the one
 * that it used longest ago; of hosts with as many, the one that was heard longest ago. So a flood from one host costs others nothing.
 */
export class FairPlaces<Value> {
  readonly #most: number;
  /** Both Maps in the order of their last use. */
  readonly #hosts = new Map<string, Map<string, Value>>();
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(host: string, key: string): Value | undefined {
    return this.#hosts.get(host)?.get(key);
  }

  set(host: string, key: string, value: Value): void {
    const places = this.#hosts.get(host) ?? new Map<string, Value>();
    if (!places.delete(key)) this.#size += 1;
    places.set(key, value);
    this.#hosts.delete(host);
    this.#hosts.set(host, places);
    if (this.#size > this.#most) this.#evict();
  }

  delete(host: string, key: string): void {
    const places = this.#hosts.get(host);
    if (!places?.delete(key)) return;
    this.#size -= 1;
    if (places.size === 0) this.#hosts.delete(host);
  }

  /** Host by host, and of each what was used longest ago first. */
  entries(): (readonly [host: string, key: string, value: Value])[] {
    return [...this.#hosts].flatMap(([host, places]) =>
      [...places].map(([key, value]) => [host, key, value] as const),
    );
  }

  get size(): number {
    return this.#size;
  }

  #evict(): void {
    let largest: readonly [string, Map<string, Value>] | undefined;
    for (const one of this.#hosts) if (one[1].size > (largest?.[1].size ?? 0)) largest = one;
    if (!largest) return;
    const [host, places] = largest;
    const [oldest] = places.keys();
    if (oldest !== undefined) this.delete(host, oldest);
  }
}
