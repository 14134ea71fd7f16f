import type { StorageBackend } from "./storage.js";
import type { WasmModule } from "./wasm.js";

// What the host calls; tests put a fake in its place. The generated bindings behind it are in bindings.ts.

/** JSON text with the vectors taken out. `layout` holds triples [document index, field index, length in floats]. */
export interface Encoded {
  readonly json: string;
  readonly vectors: Float32Array;
  readonly layout: Uint32Array;
}

export type Durability = "strict" | "relaxed";

/** How a database is opened, wherever it lives. */
export interface Manner {
  readonly durability: Durability;
  /** Bytes of sealed segments in memory, where the storage can read the others as they are needed. */
  readonly memoryBudget: number;
}

/** A folder of OPFS, and the database in IndexedDB that belongs to it. */
export interface OpfsPlace {
  readonly opfs: string;
  readonly young: StorageBackend;
}

export type EngineStorage = "memory" | OpfsPlace | StorageBackend;

export interface EngineRepairOptions {
  readonly name: string;
  readonly storage: EngineStorage;
}

export interface EngineOpenOptions extends EngineRepairOptions, Manner {}

/** What the engine itself reports about a database. */
export interface EngineStatus {
  readonly storage: string;
  readonly durability: Durability;
  readonly role: "leader" | "follower";
  readonly version: string;
}

export interface EngineModule {
  initSync(options: { module: WasmModule }): unknown;
  open(options: EngineOpenOptions): Promise<EngineDatabase>;
  /** Asks `next` for the stream, piece by piece, until it gives none. */
  restore(options: EngineRestoreOptions, next: NextPiece): Promise<EngineDatabase>;
  repair(options: EngineRepairOptions): Promise<object>;
}

export interface EngineRestoreOptions extends EngineOpenOptions {
  readonly replace: boolean;
}

/** The next bytes of a stream; none behind its end. */
export type NextPiece = () => Promise<Uint8Array | undefined>;

/** A stream of the engine, and its length. */
export interface EngineExport {
  readonly export: number;
  readonly bytes: number;
}

export interface EngineDatabase {
  collection(name: string, schema: string | undefined, settings: string | undefined): Promise<EngineCollection>;
  collections(): string[];
  drop(name: string): Promise<void>;
  export(): Promise<EngineExport>;
  exportPiece(stream: number, offset: number, length: number): Promise<Uint8Array>;
  endExport(stream: number): Promise<void>;
  verify(): Promise<object>;
  status(): object;
  close(): Promise<void>;
  free(): void;
}

/** Is told between two steps how much is done of how much, and answers whether to stop. It must not throw nor call the engine. */
export type Report = (done: number, total: number) => boolean;

export interface EngineCollection {
  schema(): string;
  put(documents: string, vectors: Float32Array, layout: Uint32Array, options: string | undefined): Promise<string>;
  update(
    id: string,
    patch: string,
    vectors: Float32Array,
    layout: Uint32Array,
    options: string | undefined,
  ): Promise<string>;
  delete(target: string): Promise<number>;
  get(id: string): Encoded | undefined;
  version(id: string): number | null;
  count(filter: string | undefined): number;
  list(options: string): Encoded;
  search(query: string, vectors: Float32Array, lengths: Uint32Array): Encoded;
  suggest(text: string, options: string): string;
  flush(): Promise<void>;
  compact(report?: Report): Promise<void>;
  settings(asked: string): Promise<string>;
  stats(): Promise<object>;
}
