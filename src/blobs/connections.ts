import type { Agent } from 'undici';

/** Connections to the storage, kept for the next request. Loaded when first needed: a broker that only redirects needs none. */
export function storageConnections() {
  let agent: Promise<Agent> | undefined;
  return {
    open: (): Promise<Agent> => {
      agent ??= load();
      return agent;
    },
    close: async () => (await agent)?.destroy(),
  };
}

async function load(): Promise<Agent> {
  const { Agent } = await import('undici');
  return new Agent({ pipelining: 1, connect: { timeout: 3_000 } });
}
