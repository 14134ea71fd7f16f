/// <reference lib="esnext.disposable" preserve="true" />
import type { CompactOptions } from "./compact.js";
import type { Durability } from "./engine.js";
import type { Embedder } from "./embedders.js";
import type { ReembedOptions, ReembedProgress } from "./reembed.js";
import type { ImportOptions, ImportProgress, ImportSource } from "./import.js";
import type { Facets, Filter, Id, NewDocument, Patch, Schema, StoredDocument } from "./schema.js";
import type { Query, SearchResult, SuggestOptions, Suggestion } from "./search-types.js";
import type { StorageBackend } from "./storage.js";
import type { SimdLevel, WasmSource } from "./wasm.js";

/** The part of an AbortSignal that is used here; every host's own AbortSignal fits. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Options of every call. */
export interface CallOptions {
  /** Stops waiting: the call rejects with "aborted". A write that was under way may still happen. */
  readonly signal?: Signal | undefined;
  /** Milliseconds to wait at the most: then the call rejects with "timeout". A write that was under way may still happen. */
  readonly timeout?: number | undefined;
}

/** The wasm files of languages by their names. */
export type Languages = { readonly [name: string]: WasmSource | undefined };

export interface OpenOptions extends CallOptions {
  /** Default "auto": in browsers "opfs" where it works, else "indexeddb"; elsewhere "fs" with a path, else "memory". */
  readonly storage?: "auto" | "opfs" | "indexeddb" | "memory" | "fs" | StorageBackend | undefined;
  /** Only for "fs": the database is the folder `path/name`. */
  readonly path?: string | undefined;
  /** Default "strict": a put that resolved survives a power cut. "relaxed": it survives a killed process or tab. */
  readonly durability?: Durability | undefined;
  /** Browsers: true (default) asks the browser once not to remove what is stored when space is short; status() tells its answer. */
  readonly persist?: boolean | undefined;
  /**
   * Bytes of sealed segments to keep in memory, by default 256 MiB. Segments are read whole while they fit into three
   * quarters of it. Of the others what every query needs stays there also beyond it; documents, full vectors, vectors as
   * bytes and places of words are read when they are touched, where the storage can read at once: OPFS, "fs", a backend
   * with `readSync`. Elsewhere all are read whole. The first `open` of a database decides.
   */
  readonly memoryBudget?: number | undefined;
  /** Browsers: true (default) runs the engine in a dedicated worker, false in this thread; or a worker of your own. */
  readonly worker?: boolean | object | undefined;
  /** Where the engine's wasm comes from, when the host's own choice does not fit. The first `open` decides. */
  readonly wasm?: WasmSource | undefined;
  /**
   * Where languages come from, when the host's own choice does not fit: by default each is loaded from the package when a
   * collection needs it. On workerd each is named here: `import german from "sanderling/languages/german.wasm"`.
   */
  readonly languages?: Languages | undefined;
}

export type DestroyOptions = Pick<OpenOptions, "storage" | "path" | "signal">;

export interface DatabaseStatus {
  /** The storage in force, which "auto" may have chosen. */
  readonly storage: string;
  readonly durability: Durability;
  readonly role: "leader" | "follower";
  /** The engine's version. */
  readonly version: string;
  readonly simd: SimdLevel;
  /** Whether the engine runs in a worker of its own. */
  readonly worker: boolean;
  /** Browsers: whether what is stored stays when space is short. */
  readonly persisted?: boolean;
  /** Why the storage or the thread is another than the best one. */
  readonly reason?: string;
}

/** How large and how ranked: settings of a collection that are not part of its schema. */
export interface CollectionOptions extends CallOptions {
  readonly quota?: { readonly documents?: number; readonly bytes?: number } | undefined;
  /** Documents in a growing segment before it is sealed. */
  readonly sealAt?: number | undefined;
  readonly bm25?: { readonly k1?: number; readonly b?: number } | undefined;
  /**
   * What makes vectors of texts, by vector field: documents that have none get one when they are put, a changed text a new one, and
   * `vector: "text"` in a search is that of its text. The name of the model is stored; another one is error "schema" until
   * `reembed()` has run.
   */
  readonly embedders?: { readonly [field: string]: Embedder } | undefined;
}

/** The host's own ReadableStream, of Uint8Arrays. */
export type ByteStream = typeof globalThis extends { ReadableStream: { prototype: infer S } } ? S : never;

/** Where a database is restored from: a ReadableStream of bytes, a Blob or File, or bytes. */
export type RestoreSource = { getReader(): object } | { stream(): object } | ArrayBuffer | ArrayBufferView;

export interface RestoreOptions extends OpenOptions {
  /** True: takes the place of a database that is there, be it damaged. Otherwise that is error "conflict". */
  readonly replace?: boolean | undefined;
}

/** What is wrong with a stored file. */
export interface Problem {
  readonly file: string;
  /** Null for the manifest. */
  readonly collection: string | null;
  /** "unreadable": the storage fails; "unsupported": of a newer format; "unknown": the manifest that named it is lost. */
  readonly kind: "missing" | "damaged" | "unreadable" | "unsupported" | "unknown";
  /** Where in the file, if that is known. */
  readonly offset: number | null;
  readonly message: string;
}

export interface Verification {
  readonly ok: boolean;
  /** How many files were looked at. */
  readonly files: number;
  readonly problems: readonly Problem[];
}

/** Something that a repair could not keep. */
export interface Loss extends Problem {
  /** How many documents were in it, where that can be told. */
  readonly documents?: number;
  /** Of a log: the numbers of the first and the last write that are gone. */
  readonly writes?: { readonly first: number; readonly last: number };
}

export interface Repaired {
  readonly lost: readonly Loss[];
  readonly kept: { readonly documents: number };
  /** Copies of the damaged files, which nothing but `destroy` touches any more. */
  readonly copies: readonly string[];
}

export interface Database extends AsyncDisposable {
  readonly name: string;
  /**
   * Opens a collection, creating it when a schema is given and it is absent. The same schema again is a no-op, one that only
   * adds fields extends the collection, any other is error "schema".
   */
  collection<const S extends Schema = Schema>(
    name: string,
    schema?: S | undefined,
    options?: CollectionOptions,
  ): Promise<Collection<S>>;
  /** The names of all collections. */
  collections(options?: CallOptions): Promise<string[]>;
  /** Removes a collection with everything in it. */
  drop(name: string, options?: CallOptions): Promise<void>;
  status(options?: CallOptions): Promise<DatabaseStatus>;
  /**
   * The whole database as one stream: all writes that resolved before, and no half of a batch. Writes go on meanwhile; the files
   * of the snapshot stay until the stream is read to its end, cancelled, or aborted by the signal.
   */
  export(options?: CallOptions): Promise<ByteStream>;
  /** Reads every stored file anew and checks it in full, while reads and writes go on. */
  verify(options?: CallOptions): Promise<Verification>;
  /** Closes this handle; the last one of a database closes the database. Closing twice is no error. */
  close(): Promise<void>;
}

export interface WriteCallOptions extends CallOptions {
  /** False: rejects with "busy" instead of waiting when the engine is behind. */
  readonly wait?: boolean | undefined;
}

export interface PutOptions extends WriteCallOptions {
  /** "absent": only if no such document exists; a number: only if it has this version. Otherwise error "conflict". */
  readonly ifVersion?: "absent" | number | undefined;
  /** The document is not returned after this time. */
  readonly expiresAt?: Date | number | undefined;
}

/** The ids and versions of a batch, in its order. */
export interface Written {
  readonly ids: Id[];
  readonly versions: number[];
}

export type DeleteTarget<S extends Schema = Schema> = Id | readonly Id[] | { readonly filter: Filter<S> };

export interface ListOptions<S extends Schema = Schema> extends CallOptions {
  readonly filter?: Filter<S> | undefined;
  /** Only string ids that start with this. */
  readonly prefix?: string | undefined;
  /** Only ids after this one. */
  readonly after?: Id | undefined;
  readonly limit?: number | undefined;
}

export interface SegmentStats {
  readonly state: string;
  readonly documents: number;
  readonly deleted: number;
  readonly bytes: number;
}

export interface CollectionStats {
  readonly documents: number;
  readonly segments: readonly SegmentStats[];
  readonly [more: string]: unknown;
}

export interface Collection<S extends Schema = Schema> {
  readonly name: string;
  /** Writes one document or an atomic batch; replaces by id. Without an id, one is made. */
  put<D extends NewDocument<S>>(documents: D | readonly D[], options?: PutOptions): Promise<Written>;
  /** Merges top-level fields into a stored document. Nothing there is error "conflict". */
  update(id: Id, patch: Patch<S>, options?: WriteCallOptions): Promise<Written>;
  delete(target: DeleteTarget<S>, options?: WriteCallOptions): Promise<{ readonly deleted: number }>;
  /**
   * Puts what a source gives, batch by batch: documents of an iterable, or lines of JSON of a stream of bytes or text. It runs as it
   * is iterated, and tells after each batch how far it has come. An error has that in its details: `skip: details.read` goes on.
   */
  import<D extends NewDocument<S>>(source: ImportSource<D>, options?: ImportOptions): AsyncIterableIterator<ImportProgress>;
  /** The whole document with its vectors, or undefined. */
  get(id: Id, options?: CallOptions): Promise<StoredDocument<S> | undefined>;
  has(id: Id, options?: CallOptions): Promise<boolean>;
  count(filter?: Filter<S>, options?: CallOptions): Promise<number>;
  /** Whole documents by id: integers ascending, then strings by their UTF-8 bytes. */
  list(options?: ListOptions<S>): AsyncIterableIterator<StoredDocument<S>>;
  search<const F extends Facets<S> = Facets<S>>(query: Query<S, F> | string, options?: CallOptions): Promise<SearchResult<S, F>>;
  /** Several queries in one call; answers in their order. A signal is for all of them: it stands in the options. */
  searchMany(queries: readonly (Omit<Query<S>, "signal"> | string)[], options?: CallOptions): Promise<SearchResult<S>[]>;
  /** Completions of the last word of a text: the words of the most documents first. */
  suggest(text: string, options?: SuggestOptions<S>): Promise<Suggestion[]>;
  /** Makes everything written so far as durable as "strict". */
  flush(options?: CallOptions): Promise<void>;
  /** Merges segments and purges deleted and expired documents. */
  compact(options?: CompactOptions): Promise<void>;
  /**
   * Makes the vectors of all documents anew: by these embedders, or by those that opening the collection refused, or by those in
   * force. A call that broke off goes on when it is made again; until it has ended the models are not exchanged.
   */
  reembed(embedders?: { readonly [field: string]: Embedder }, options?: ReembedOptions): Promise<ReembedProgress>;
  stats(options?: CallOptions): Promise<CollectionStats>;
}

/** Opens a database, creating it if absent. */
export type Open = (name: string, options?: OpenOptions) => Promise<Database>;

/**
 * Makes a database of a stream that `export` gave, and opens it. Until all of it has arrived soundly nothing takes effect; the
 * error of a stream that broke off or was damaged has `details.received`, the number of bytes that were sound.
 */
export type Restore = (name: string, source: RestoreSource, options?: RestoreOptions) => Promise<Database>;

/**
 * Keeps what is sound of a database that nobody has open, and says what was lost; afterwards it opens and answers whole. Damaged
 * files are copied aside. Where nobody can know which files belong together the error is "corrupt", and nothing is touched.
 */
export type Repair = (name: string, options?: OpenOptions) => Promise<Repaired>;

/** Removes a database's stored files. Error "unavailable" while it is open. */
export type Destroy = (name: string, options?: DestroyOptions) => Promise<void>;
