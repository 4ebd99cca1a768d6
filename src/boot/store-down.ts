/**
 * A store did not answer, or not in a way that can be believed. Always 503, never "unknown machine":
 * in netboot a wrong 404 can mean "boot the old disk".
 */
export class StoreDown extends Error {
  override readonly name = 'StoreDown';
  readonly store: 'records' | 'storage';

  constructor(store: 'records' | 'storage', doing: string, cause: unknown) {
    super(`${store}: ${doing} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.store = store;
  }
}

/** The storage answers, and says that the bytes of an object that is on record are lost or damaged: trying again does not help. */
export class BytesLost extends StoreDown {}
