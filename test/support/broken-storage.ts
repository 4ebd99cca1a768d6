import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Blobs } from '../../src/blobs/blobs.ts';
import { type GcsOptions, gcsBlobs } from '../../src/blobs/gcs.ts';
import { bootPatience } from '../../src/blobs/retry-policy.ts';
import { hmacSigner } from '../../src/sign/hmac.ts';

/** How a storage answers a signed URL; what it does not do itself is left undone. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

type How = Pick<GcsOptions, 'patience' | 'controlPatience'>;

/** As firmware has it, but tests do not wait as long for what does not come. */
const patience = { ...bootPatience, firstByte: 1_000 };

/** The broker's own way to a storage that behaves as it is told. */
export async function brokenStorage(behave: Behaviour, how?: How): Promise<Blobs> {
  const server = createServer((request, response) => behave(response, request));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const blobs = blobsAt((server.address() as AddressInfo).port, how);
  return {
    ...blobs,
    async close() {
      await blobs.close();
      server.close().closeAllConnections();
    },
  };
}

/** The broker's own way to whatever listens there. */
export function blobsAt(port: number, how: How = {}): Blobs {
  return gcsBlobs({
    endpoint: `http://127.0.0.1:${port}`,
    token: 'a-token-of-the-tests',
    bucket: 'boot-assets',
    signer: hmacSigner({ accessId: 'GOOG1ETESTS', secret: 'not a secret' }),
    clock: () => new Date(),
    patience,
    ...how,
  });
}
