import type {
  Encoded,
  EngineCollection,
  EngineDatabase,
  EngineExport,
  EngineModule,
  EngineOpenOptions,
  EngineRepairOptions,
  EngineRestoreOptions,
  NextPiece,
  Report,
} from "./engine.js";
import type { WasmModule } from "./wasm.js";

// The generated wasm bindings export two functions for all calls, since every exported function makes the wasm larger. Here
// each call gets its types.

type Texts = readonly (string | undefined)[];
type Read = "collections" | "status" | "schema" | "get" | "version" | "count" | "list" | "search" | "suggest";
type Run =
  | ("collection" | "drop" | "close" | "put" | "update" | "delete" | "flush" | "settings" | "stats")
  | ("export" | "endExport" | "verify");

interface BoundDatabase {
  read(
    what: Read,
    collection: number,
    texts: Texts,
    vectors: Float32Array,
    layout: Uint32Array,
  ): [json: string, vectors: Float32Array, layout: Uint32Array];
  run(call: Run, collection: number, texts: Texts, vectors: Float32Array, layout: Uint32Array): Promise<string>;
  run(
    call: "compact",
    collection: number,
    report: readonly [Report | undefined],
    vectors: Float32Array,
    layout: Uint32Array,
  ): Promise<string>;
  run(
    call: "exportPiece",
    collection: number,
    texts: Texts,
    vectors: Float32Array,
    layout: Uint32Array,
  ): Promise<Uint8Array>;
  free(): void;
}

/** The generated module, written down so that this project compiles without a build. */
export interface Bindings {
  initSync(options: { module: WasmModule }): unknown;
  open(options: EngineOpenOptions): Promise<BoundDatabase>;
  restore(options: EngineRestoreOptions, next: NextPiece): Promise<BoundDatabase>;
  repair(options: EngineRepairOptions): Promise<string>;
}

const NO_VECTORS: Float32Array = new Float32Array(0);
const NO_LAYOUT: Uint32Array = new Uint32Array(0);

/** The engine with a function for each call. */
export function typedEngine(bindings: Bindings): EngineModule {
  return {
    initSync: (options) => bindings.initSync(options),
    open: async (options) => database(await bindings.open(options)),
    restore: async (options, next) => database(await bindings.restore(options, next)),
    repair: async (options) => JSON.parse(await bindings.repair(options)) as object,
  };
}

function database(bound: BoundDatabase): EngineDatabase {
  const run = (call: Run, ...texts: Texts): Promise<string> => bound.run(call, 0, texts, NO_VECTORS, NO_LAYOUT);
  const read = (what: Read): unknown => JSON.parse(bound.read(what, 0, [], NO_VECTORS, NO_LAYOUT)[0]);
  return {
    collection: async (...texts) => collection(bound, Number(await run("collection", ...texts))),
    collections: () => read("collections") as string[],
    drop: async (name) => void (await run("drop", name)),
    export: async () => JSON.parse(await run("export")) as EngineExport,
    exportPiece: (stream, offset, length) =>
      bound.run("exportPiece", 0, [`${stream}`, `${offset}`, `${length}`], NO_VECTORS, NO_LAYOUT),
    endExport: async (stream) => void (await run("endExport", `${stream}`)),
    verify: async () => JSON.parse(await run("verify")) as object,
    status: () => read("status") as object,
    close: async () => void (await run("close")),
    free: () => bound.free(),
  };
}

function collection(bound: BoundDatabase, at: number): EngineCollection {
  const run = (call: Run, text?: string): Promise<string> => bound.run(call, at, [text], NO_VECTORS, NO_LAYOUT);
  const read = (what: Read, text?: string, vectors = NO_VECTORS, lengths = NO_LAYOUT): Encoded => {
    const [json, found, layout] = bound.read(what, at, [text], vectors, lengths);
    return { json, vectors: found, layout };
  };
  return {
    schema: () => read("schema").json,
    put: (documents, vectors, layout, options) => bound.run("put", at, [documents, options], vectors, layout),
    update: (id, patch, vectors, layout, options) => bound.run("update", at, [id, patch, options], vectors, layout),
    delete: async (target) => Number(await run("delete", target)),
    get: (id) => {
      const found = read("get", id);
      return found.json === "null" ? undefined : found;
    },
    version: (id) => JSON.parse(read("version", id).json) as number | null,
    count: (filter) => Number(read("count", filter).json),
    list: (options) => read("list", options),
    search: (query, vectors, lengths) => read("search", query, vectors, lengths),
    suggest: (text, options) => bound.read("suggest", at, [text, options], NO_VECTORS, NO_LAYOUT)[0],
    flush: async () => void (await run("flush")),
    compact: async (report) => void (await bound.run("compact", at, [report], NO_VECTORS, NO_LAYOUT)),
    settings: (asked) => run("settings", asked),
    stats: async () => JSON.parse(await run("stats")) as object,
  };
}
