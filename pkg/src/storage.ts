/** A value, or a promise of it: every method of a backend may answer either way. */
export type Awaitable<T> = T | PromiseLike<T>;

/** One stored object: its name and its present size in bytes. */
export interface StoredObject {
  readonly name: string;
  readonly size: number;
}

/** How safe bytes must be before a write resolves. */
export interface WriteOptions {
  /** True: they survive a power cut as far as the medium obeys its flush. False: they survive a killed tab or process. */
  readonly durable: boolean;
}

/**
 * Where a database keeps its bytes: named objects in one flat folder. Implement this to store a database in a place this
 * package does not know, and pass the object as `storage` to `open`.
 *
 * - One backend object serves one database; nobody else may write its objects while it is open.
 * - Names match `[a-z0-9._-]{1,64}` and never mean a folder.
 * - `bytes` may be a view into memory that the engine reuses: it is valid until your method first awaits or returns.
 *   Copy what you keep longer.
 * - Calls come one after the other where order matters; a call may start before an earlier read has ended.
 * - An error you throw rejects the engine's call. `name` "QuotaExceededError" or `code` "ENOSPC" or "EDQUOT" is told to
 *   the caller as "quota", a SanderlingError keeps its code, everything else is "unavailable".
 */
export interface StorageBackend {
  /** A word for `status()`, such as "s3". */
  readonly kind?: string;
  /** Every object of this database, in any order. */
  list(): Awaitable<readonly StoredObject[]>;
  /** The bytes from `offset` on; fewer than `length` only where the object ends. An absent object is an error. */
  read(name: string, offset: number, length: number): Awaitable<Uint8Array>;
  /**
   * Fills `into` with the bytes from `offset` on before it returns, or throws. With it the objects of sealed segments, which
   * never change, are read bit by bit as they are needed, and memory stays near the `memoryBudget`; without it they are
   * read whole. Searches call it often: keep files open. An object that was removed may be asked for once more.
   */
  readSync?(name: string, offset: number, into: Uint8Array): void;
  /** Adds bytes at the end of an object, creating it if absent; resolves when they are as durable as asked. */
  append(name: string, bytes: Uint8Array, options: WriteOptions): Awaitable<void>;
  /** Replaces a whole object or creates it; resolves when it is as durable as asked. Need not be atomic. */
  write(name: string, bytes: Uint8Array, options: WriteOptions): Awaitable<void>;
  /** Removes an object; an absent one is no error. */
  remove(name: string): Awaitable<void>;
  /** Called once when the database closes: give up locks and open files here. */
  close?(): Awaitable<void>;
}
