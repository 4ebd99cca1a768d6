import { Firestore } from '@google-cloud/firestore';
import { type Call, openTransport, type Transport } from './transport.ts';

export interface ClientOptions {
  readonly project: string;
  /** Default `(default)`. */
  readonly database?: string;
  /** `host:port` of an emulator, which is asked in plain HTTP and as its owner. */
  readonly emulatorHost?: string;
  /** An OAuth access token of scope `datastore` or `cloud-platform`; asked for at every call, so it is kept by the giver. */
  readonly token?: () => Promise<string>;
  /** Told of every answered call. */
  readonly onCall?: (call: Call) => void;
}

/** One database by Google's library, over REST. */
export interface Client extends Transport {
  readonly firestore: Firestore;
  /** `projects/P/databases/D`. */
  readonly name: string;
}

/** Opening asks nobody. */
export function openClient(options: ClientOptions): Client {
  const { project, database = '(default)', onCall } = options;
  const name = `projects/${project}/databases/${database}`;
  const transport = openTransport({ database: name, token: tokenOf(options), ...(onCall && { onCall }) });
  const firestore = new Firestore({
    ...placeOf(options),
    preferRest: true,
    authClient: transport.authClient,
  });
  // The library itself is not told: it holds nothing by REST, and what it does after its end ends the process.
  return { ...transport, firestore, name };
}

/**
 * The same database by gRPC, for what the library can do by nothing else: listening. A client of its own, for one that has
 * listened asks everything by gRPC for good.
 */
export function openListeningClient(options: ClientOptions): Firestore {
  const token = tokenOf(options);
  const getRequestHeaders = async () => new Headers({ authorization: `Bearer ${await token()}` });
  return new Firestore({
    ...placeOf(options),
    preferRest: false,
    maxIdleChannels: 0, // it closes its connection with its last listener
    authClient: { getRequestHeaders },
  });
}

function placeOf({ project, database = '(default)', emulatorHost }: ClientOptions) {
  const plain = emulatorHost && { host: emulatorHost, ssl: false, protocol: 'http' };
  return { projectId: project, databaseId: database, ...plain };
}

function tokenOf({ emulatorHost, token = noToken }: ClientOptions): () => Promise<string> {
  return emulatorHost ? async () => 'owner' : token;
}

async function noToken(): Promise<string> {
  throw new Error('openFirestore was given neither a token nor an emulator');
}
