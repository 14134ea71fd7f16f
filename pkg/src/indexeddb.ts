import { SanderlingError } from "./errors.js";
import { indexedDbOf, locksOf } from "./indexeddb-types.js";
import type { Connection, ObjectStore, OpenRequest, StoreRequest, Transaction } from "./indexeddb-types.js";
import type { StorageBackend, StoredObject } from "./storage.js";

// A database in IndexedDB. An object is a row of pieces, each a record whose key is the object's name and where the piece ends: the
// keys alone tell which objects there are and how long each is. Every change is one transaction, and is acknowledged by its
// `complete`, since a full disk is told to the transaction alone and to none of its requests.

/** Names are never this, so that its record is no object's. It holds who opened the database last. */
const OWNER = "/owner";
const STORE = "pieces";
// The larger the pieces, the sooner an object is read and written whole (docs/benchmarks.md).
const PIECE_BYTES = 2 ** 20;
// A last piece shorter than this is written anew with what is appended, so that a log of small writes has few records.
const TAIL_BYTES = 8_192;
// The pieces of one request cross between processes together.
const READ_BYTES = 32 * 2 ** 20;
// The lock of a worker that was ended is free a moment later.
const LOCK_WAIT_MS = 500;

const EMPTY: Uint8Array = new Uint8Array(0);

/** A backend that can say whether its database is still there. */
export interface IndexedDbBackend extends StorageBackend {
  /** Throws or rejects with "unavailable" when the browser has removed the database, or somebody else has taken it over. */
  probe(): undefined | Promise<void>;
}

/** What is known of an object: where its pieces end, and the bytes of a last one that is short, once they were needed. */
interface Known {
  readonly ends: number[];
  tail: Uint8Array | undefined;
}

/** Opens the database of this name, which is made if it is absent, and takes its lock; "unavailable" while another has it. */
export async function openIndexedDb(name: string): Promise<IndexedDbBackend> {
  const release = await takeLock(name);
  try {
    const connection = await connect(name, true);
    const mine = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    return makeBackend(name, connection, mine, await takeOver(connection, mine), release);
  } catch (error) {
    release();
    throw error;
  }
}

/** Whether there is a database of this name, as far as the browser tells. */
export async function isInIndexedDb(name: string): Promise<boolean> {
  const found = await indexedDbOf()
    ?.databases?.()
    .catch(() => []);
  return found?.some((database) => database.name === name) === true;
}

/** Removes a database; "unavailable" while it is open anywhere. */
export async function destroyIndexedDb(name: string): Promise<void> {
  // Where there is none nothing was ever stored in it.
  if (indexedDbOf() === undefined) return;
  const release = await takeLock(name);
  try {
    await answered(asked(() => factory().deleteDatabase(name)));
  } finally {
    release();
  }
}

interface State {
  connection: Connection;
  closed: boolean;
}

function makeBackend(
  name: string,
  connection: Connection,
  mine: string,
  known: Map<string, Known>,
  release: () => void,
): IndexedDbBackend {
  const state: State = { connection, closed: false };
  const access = transactions(name, mine, state);
  const { find, change, names, isDoubtful } = objects(access, known);

  let last: Promise<unknown> = Promise.resolve();
  // A caller may give up a change and make the next: it begins when that one has ended.
  const inTurn = <T>(call: () => Promise<T>): Promise<T> => {
    const turn = last.then(call, call);
    last = turn.catch(() => undefined);
    return turn;
  };
  const stored = async (object: string): Promise<StoredObject[]> => {
    const found = await find(object);
    return found === undefined ? [] : [{ name: object, size: found.ends.at(-1) ?? 0 }];
  };

  return {
    kind: "indexeddb",
    list: () => inTurn(async () => (await Promise.all(names().map(stored))).flat()),
    read: async (object, offset, length) => {
      const found = await (isDoubtful(object) ? inTurn(() => find(object)) : find(object));
      if (found === undefined) throw new SanderlingError("corrupt", `${object} is missing`, { file: object });
      return readPieces(await access.begin("readonly", false), object, found, offset, length);
    },
    append: (object, bytes, { durable }) => {
      // The view is the caller's again as soon as this function returns.
      const pieces = split(bytes);
      return inTurn(async () => append(access, change, object, await find(object), pieces, durable, mine));
    },
    write: (object, bytes, { durable }) => {
      const pieces = split(bytes);
      const ends = endsOf(pieces, 0);
      return inTurn(() =>
        change(object, durable, { ends, tail: pieces.at(-1) ?? EMPTY }, (store) => {
          store.delete(keysOf(object));
          putAll(store, object, pieces, ends);
        }),
      );
    },
    remove: (object) =>
      inTurn(async () => {
        if ((await find(object)) === undefined) return;
        // For good: what comes back could take the place of what was written elsewhere meanwhile.
        await change(object, true, undefined, (store) => store.delete(keysOf(object)));
      }),
    close: () =>
      inTurn(async () => {
        if (state.closed) return;
        state.closed = true;
        state.connection.close();
        release();
      }),
    probe: access.probe,
  };
}

/** One transaction. Until it is known to have happened, nobody knows what the object is. */
type Change = (object: string, durable: boolean, after: Known | undefined, puts: Puts) => Promise<void>;

interface Objects {
  readonly find: (object: string) => Promise<Known | undefined>;
  readonly change: Change;
  readonly names: () => string[];
  readonly isDoubtful: (object: string) => boolean;
}

function objects({ begin, commit }: Transactions, known: Map<string, Known>): Objects {
  /** Objects of which nobody knows: a change of theirs is under way, or has failed. */
  const doubtful = new Set<string>();
  return {
    find: async (object) => {
      if (doubtful.has(object)) {
        const store = (await begin("readonly", false)).objectStore(STORE);
        const found = objectsOf(await answered(store.getAllKeys(keysOf(object)))).get(object);
        if (found !== undefined) known.set(object, found);
        doubtful.delete(object);
      }
      return known.get(object);
    },
    change: async (object, durable, after, puts) => {
      known.delete(object);
      doubtful.add(object);
      await commit(durable, puts);
      doubtful.delete(object);
      if (after !== undefined) known.set(object, after);
    },
    names: () => [...doubtful, ...known.keys()],
    isDoubtful: (object) => doubtful.has(object),
  };
}

async function append(
  { begin, commit }: Transactions,
  change: Change,
  object: string,
  { ends, tail }: Known = { ends: [], tail: EMPTY },
  pieces: Uint8Array[],
  durable: boolean,
  mine: string,
): Promise<void> {
  const first = pieces[0];
  if (first === undefined && ends.length > 0) {
    // Makes durable what was appended before: a transaction without a change may not reach the disk.
    if (durable) await commit(true, (store) => store.put(mine, OWNER));
    return;
  }
  const end = ends.at(-1) ?? 0;
  const length = end - (ends.at(-2) ?? 0);
  const isShort = length === 0 || (length < TAIL_BYTES && (first?.length ?? 0) < TAIL_BYTES);
  const replaced = ends.length > 0 && isShort ? keyOf(object, end) : undefined;
  if (first !== undefined && replaced !== undefined) {
    const store = tail === undefined ? (await begin("readonly", false)).objectStore(STORE) : undefined;
    pieces[0] = joined(tail ?? ((await answered(store!.get(replaced))) as Uint8Array), first);
  }
  const added = endsOf(pieces, replaced === undefined ? end : end - length);
  const kept = replaced === undefined ? ends : ends.slice(0, -1);
  await change(object, durable, { ends: [...kept, ...added], tail: pieces.at(-1) ?? EMPTY }, (store) => {
    if (replaced !== undefined) store.delete(replaced);
    putAll(store, object, pieces, added);
  });
}

/** Issues the requests of a transaction, all at once: one that waits for something else ends. */
type Puts = (store: ObjectStore) => unknown;

interface Transactions {
  begin(mode: "readonly" | "readwrite", durable: boolean): Promise<Transaction>;
  commit(durable: boolean, puts: Puts): Promise<void>;
  probe(): undefined | Promise<void>;
}

function transactions(name: string, mine: string, state: State): Transactions {
  const gone = (cause: unknown): SanderlingError => {
    const message = `the browser has removed the stored data of "${name}", or another tab has taken it over`;
    return new SanderlingError("unavailable", message, { kind: "StorageGone", cause: String(cause) });
  };
  const start = (mode: "readonly" | "readwrite", durable: boolean): Transaction | undefined => {
    if (state.closed) throw new SanderlingError("closed", `the database "${name}" is closed`);
    try {
      return state.connection.transaction(STORE, mode, { durability: durable ? "strict" : "relaxed" });
    } catch (error) {
      if ((error as { name?: unknown }).name === "InvalidStateError") return undefined;
      throw error;
    }
  };
  // A browser closes connections when it removes their data, but also when its storage process ends: then the data is there.
  const reopen = async (): Promise<void> => {
    const connection = await connect(name, false).catch((error: unknown) => {
      throw gone(error);
    });
    const owner = await answered(connection.transaction(STORE, "readonly").objectStore(STORE).get(OWNER));
    if (owner !== mine) {
      connection.close();
      throw gone(`its owner is ${String(owner)}`);
    }
    state.connection = connection;
  };
  const begin: Transactions["begin"] = async (mode, durable) => {
    const begun = start(mode, durable);
    if (begun !== undefined) return begun;
    await reopen();
    const again = start(mode, durable);
    if (again === undefined) throw gone("the connection was closed again");
    return again;
  };
  return {
    begin,
    commit: async (durable, puts) => {
      const transaction = await begin("readwrite", durable);
      const store = transaction.objectStore(STORE);
      // Whoever was frozen, and lost the database meanwhile, must not write to it.
      const owner = store.get(OWNER);
      let taken: unknown;
      owner.onsuccess = () => {
        if (owner.result === mine) return;
        taken = gone(`its owner is ${String(owner.result)}`);
        transaction.abort();
      };
      puts(store);
      await completed(transaction, () => taken);
    },
    probe: () => {
      const begun = start("readonly", false);
      if (begun === undefined) return reopen();
      begun.abort();
      return undefined;
    },
  };
}

/** Makes this handle the owner, for good, and looks which objects there are. */
async function takeOver(connection: Connection, mine: string): Promise<Map<string, Known>> {
  const transaction = connection.transaction(STORE, "readwrite", { durability: "strict" });
  const store = transaction.objectStore(STORE);
  store.put(mine, OWNER);
  const keys = store.getAllKeys();
  await completed(transaction, () => undefined);
  return objectsOf(keys.result);
}

async function connect(name: string, create: boolean): Promise<Connection> {
  const request = asked(() => factory().open(name, 1));
  request.onupgradeneeded = () => {
    if (create) request.result.createObjectStore(STORE);
    else request.transaction?.abort();
  };
  const connection = await answered(request);
  // Somebody removes the database: whoever writes next is told.
  connection.onversionchange = () => connection.close();
  return connection;
}

/** Frames that are sandboxed and some private windows refuse at once. */
function asked<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw error instanceof SanderlingError ? error : failure(error as Error);
  }
}

function factory(): NonNullable<ReturnType<typeof indexedDbOf>> {
  const found = indexedDbOf();
  if (found !== undefined) return found;
  throw new SanderlingError("unavailable", "there is no IndexedDB here");
}

function answered<T>(request: StoreRequest<T> | OpenRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failure(request.error));
  });
}

function completed(transaction: Transaction, better: () => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(better() ?? failure(transaction.error));
  });
}

/** Errors of the browser keep their names in the details; a full disk is told by its name. */
function failure(error: { readonly name: string; readonly message: string } | null): SanderlingError {
  const { name: kind, message } = error ?? { name: "AbortError", message: "the browser has closed the database" };
  const code = kind === "QuotaExceededError" ? "quota" : "unavailable";
  return new SanderlingError(code, `IndexedDB: ${message || kind}`, { kind });
}

/** Holds the Web Lock of a database; without Web Locks (no secure context) the owner's record alone keeps writers apart. */
function takeLock(name: string): Promise<() => void> {
  const locks = locksOf();
  if (locks === undefined) return Promise.resolve(() => undefined);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), LOCK_WAIT_MS);
  return new Promise((resolve, reject) => {
    const held = locks.request(name, { signal: waiting.signal }, () => {
      clearTimeout(timer);
      return new Promise<void>((release) => resolve(release));
    });
    held.catch((error: unknown) => {
      clearTimeout(timer);
      const isHeld = waiting.signal.aborted;
      const message = isHeld ? "another tab or worker has the database open" : `no lock: ${String(error)}`;
      reject(new SanderlingError("unavailable", message, { database: name }));
    });
  });
}

const END_DIGITS = 14; // of 2^53 in hex

function keyOf(object: string, end: number): string {
  return `${object}/${end.toString(16).padStart(END_DIGITS, "0")}`;
}

/** All keys of an object: "0" is the sign behind "/", and names have neither before their end. */
function keysOf(object: string, from = 0): object {
  return IDBKeyRange.bound(keyOf(object, from), `${object}0`, false, true);
}

declare const IDBKeyRange: { bound(lower: string, upper: string, lowerOpen: boolean, upperOpen: boolean): object };

function objectsOf(keys: readonly unknown[]): Map<string, Known> {
  const objects = new Map<string, Known>();
  for (const key of keys as readonly string[]) {
    const at = key.indexOf("/");
    if (at <= 0) continue;
    const name = key.slice(0, at);
    const known = objects.get(name) ?? { ends: [], tail: undefined };
    known.ends.push(Number.parseInt(key.slice(at + 1), 16));
    objects.set(name, known);
  }
  return objects;
}

/** Copies of their own: what is stored is the whole buffer of a view. */
function split(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) pieces.push(bytes.slice(at, at + PIECE_BYTES));
  return pieces;
}

/** Where pieces end; an object without bytes has one that is empty. */
function endsOf(pieces: readonly Uint8Array[], start: number): number[] {
  let end = start;
  return pieces.length === 0 ? [start] : pieces.map(({ length }) => (end += length));
}

function putAll(store: ObjectStore, object: string, pieces: readonly Uint8Array[], ends: readonly number[]): void {
  ends.forEach((end, at) => store.put(pieces[at] ?? EMPTY, keyOf(object, end)));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

async function readPieces(
  transaction: Transaction,
  object: string,
  { ends }: Known,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const end = Math.min(offset + length, ends.at(-1) ?? 0);
  if (offset >= end) return EMPTY;
  const store = transaction.objectStore(STORE);
  const first = firstBehind(ends, offset);
  const requests: StoreRequest<unknown[]>[] = [];
  let from = first === 0 ? 0 : (ends[first - 1] ?? 0);
  let start = from;
  for (let at = first, count = 0; start < end; at += 1) {
    count += 1;
    const pieceEnd = ends[at] ?? end;
    if (pieceEnd - from >= READ_BYTES || pieceEnd >= end) {
      // By their number: a last piece may end farther behind by now.
      requests.push(store.getAll(keysOf(object, from + 1), count));
      [from, count] = [pieceEnd, 0];
    }
    start = pieceEnd;
  }
  const bytes = new Uint8Array(end - offset);
  let at = first === 0 ? 0 : (ends[first - 1] ?? 0);
  for (const pieces of await Promise.all(requests.map(answered))) {
    for (const piece of pieces as Uint8Array[]) {
      const part = piece.subarray(Math.max(offset - at, 0), end - at);
      bytes.set(part, Math.max(at - offset, 0));
      at += piece.length;
    }
  }
  if (at >= end) return bytes;
  throw new SanderlingError("corrupt", `${object} ends at ${at} instead of ${end}`, { file: object });
}

/** The first piece that ends behind an offset. */
function firstBehind(ends: readonly number[], offset: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}
