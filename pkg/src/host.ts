import type { Encoded, EngineExport, EngineStatus, EngineStorage, Manner, Report } from "./engine.js";
import type { WireError } from "./errors.js";
import type { SimdLevel, WasmModule } from "./wasm.js";

/** Names an open database or collection inside its host. */
export type Handle = number;

/** "auto" is for hosts that can only decide beside the engine, such as a browser's worker. */
export type HostStorage = "auto" | "memory" | "opfs" | "indexeddb" | EngineStorage;

export interface OpenedDatabase {
  readonly database: Handle;
  /** Why "auto" did not choose the best storage. */
  readonly reason?: string;
}

export interface BegunRestore {
  readonly restore: Handle;
  /** Why "auto" did not choose the best storage. */
  readonly reason?: string;
}

export interface OpenedCollection {
  readonly collection: Handle;
  /** The engine's canonical schema text. */
  readonly schema: string;
}

/** A query with its vectors beside it; a length of 0xFFFFFFFF means that leg's value stayed in the JSON. */
export interface EncodedQuery {
  readonly json: string;
  readonly vectors: Float32Array;
  readonly lengths: Uint32Array;
}

export interface EncodedAnswer extends Encoded {
  /** Milliseconds spent in the engine. */
  readonly took: number;
}

/**
 * Where the engine runs: in this thread or behind a message port. Arguments and results survive structured cloning
 * (except a StorageBackend, which cannot leave its thread), and typed arrays are given away by the caller.
 */
export interface Host {
  open(name: string, storage: HostStorage, manner: Manner): Promise<OpenedDatabase>;
  /** Makes a language known to the engine. */
  language(name: string, wasm: WasmModule | ArrayBuffer): Promise<void>;
  close(database: Handle): Promise<void>;
  status(database: Handle): Promise<EngineStatus & { readonly simd: SimdLevel }>;
  collections(database: Handle): Promise<string[]>;
  drop(database: Handle, name: string): Promise<void>;
  export(database: Handle): Promise<EngineExport>;
  exportPiece(database: Handle, stream: number, offset: number, length: number): Promise<Uint8Array>;
  endExport(database: Handle, stream: number): Promise<void>;
  verify(database: Handle): Promise<object>;
  /** Begins to restore a database, which then asks for the stream. */
  restore(name: string, storage: HostStorage, manner: Manner, replace: boolean): Promise<BegunRestore>;
  /** Gives the next bytes, and resolves when more are wanted. */
  restorePiece(restore: Handle, bytes: Uint8Array): Promise<void>;
  /** Ends the stream: with an error the restore is given up, without one the database is open. */
  endRestore(restore: Handle, error: WireError | undefined): Promise<OpenedDatabase>;
  repair(name: string, storage: HostStorage): Promise<object>;
  collection(
    database: Handle,
    name: string,
    schema: string | undefined,
    settings: string | undefined,
  ): Promise<OpenedCollection>;
  schema(collection: Handle): Promise<string>;
  put(
    collection: Handle,
    documents: string,
    vectors: Float32Array,
    layout: Uint32Array,
    options: string | undefined,
  ): Promise<string>;
  update(
    collection: Handle,
    id: string,
    patch: string,
    vectors: Float32Array,
    layout: Uint32Array,
    options?: string | undefined,
  ): Promise<string>;
  delete(collection: Handle, target: string): Promise<number>;
  get(collection: Handle, id: string): Promise<Encoded | undefined>;
  /** The version of a document; null where there is none. */
  version(collection: Handle, id: string): Promise<number | null>;
  count(collection: Handle, filter: string | undefined): Promise<number>;
  list(collection: Handle, options: string): Promise<Encoded>;
  /** One message for any number of queries. */
  search(collection: Handle, queries: readonly EncodedQuery[]): Promise<EncodedAnswer[]>;
  suggest(collection: Handle, text: string, options: string): Promise<string>;
  flush(collection: Handle): Promise<void>;
  /** Through a port `report` stays where it is: messages go to and fro. */
  compact(collection: Handle, report?: Report): Promise<void>;
  /** Changes settings and answers those in force. */
  settings(collection: Handle, asked: string): Promise<string>;
  stats(collection: Handle): Promise<object>;
}
