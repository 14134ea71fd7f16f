// The part of IndexedDB and of Web Locks that is used here: pkg has no types of the browser, and hosts may have neither.

export interface StoreRequest<T> {
  readonly result: T;
  readonly error: { readonly name: string; readonly message: string } | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

export interface OpenRequest<T> extends StoreRequest<T> {
  readonly transaction: { abort(): void } | null;
  onupgradeneeded: (() => void) | null;
}

export interface ObjectStore {
  get(key: string): StoreRequest<unknown>;
  getAll(range: object, count: number): StoreRequest<unknown[]>;
  getAllKeys(range?: object): StoreRequest<unknown[]>;
  put(value: unknown, key: string): unknown;
  delete(keys: string | object): unknown;
}

export interface Transaction {
  readonly error: { readonly name: string; readonly message: string } | null;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  objectStore(name: string): ObjectStore;
  abort(): void;
}

export interface Connection {
  onversionchange: (() => void) | null;
  transaction(store: string, mode: "readonly" | "readwrite", options?: { readonly durability: string }): Transaction;
  createObjectStore(name: string): ObjectStore;
  close(): void;
}

export interface IndexedDb {
  open(name: string, version: number): OpenRequest<Connection>;
  deleteDatabase(name: string): OpenRequest<unknown>;
  /** Absent in old browsers. */
  databases?(): Promise<readonly { readonly name?: string }[]>;
}

export interface Locks {
  request(name: string, options: { readonly signal: object }, hold: () => Promise<void>): Promise<void>;
}

export function indexedDbOf(): IndexedDb | undefined {
  return (globalThis as { readonly indexedDB?: IndexedDb | null }).indexedDB ?? undefined;
}

export function locksOf(): Locks | undefined {
  return (globalThis as { readonly navigator?: { readonly locks?: Locks } }).navigator?.locks;
}
