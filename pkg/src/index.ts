import type { Destroy, Open, Repair, Restore } from "./api.js";

export { SanderlingError, type ErrorCode, type ErrorDetails } from "./errors.js";
export { splitText, type Chunk, type SplitKind, type SplitOptions } from "./split.js";
export type * from "./api.js";
export type * from "./schema.js";
export type * from "./search-types.js";
export type { Embedder, EmbedOptions } from "./embedders.js";
export type { CompactOptions, CompactProgress } from "./compact.js";
export type * from "./import.js";
export type * from "./reembed.js";
export type * from "./storage.js";
export type { Durability } from "./engine.js";
export type { SimdLevel, WasmModule, WasmSource } from "./wasm.js";

// Declared here for the types; each host's entry point brings its own, which knows where wasm and files are.
/** Opens a database, creating it if absent. */
export declare const open: Open;
/** Makes a database of an exported stream, and opens it. */
export declare const restore: Restore;
/** Keeps what is sound of a damaged database, and says what was lost. */
export declare const repair: Repair;
/** Removes a database's stored files. Error "unavailable" while it is open. */
export declare const destroy: Destroy;
