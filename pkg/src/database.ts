import { bounded } from "./abort.js";
import type { CallOptions, Collection, CollectionOptions, Database, DatabaseStatus, Verification } from "./api.js";
import { makeCollection, type CollectionCore } from "./collection.js";
import { exportStream } from "./copies.js";
import { describe, mismatch, SanderlingError, toSanderlingError } from "./errors.js";
import { fieldTable, type FieldTable } from "./field-table.js";
import { embeddersOf, modelsOf, NO_EMBEDDERS, type EmbeddersByField } from "./embedders.js";
import type { Handle, Host, OpenedCollection } from "./host.js";
import { encodeJson, hasLoneSurrogate } from "./json.js";
import { CALL_OPTIONS, checkOptions, isAnything, type OptionRules } from "./options.js";
import type { Lease } from "./registry.js";
import type { Schema } from "./schema.js";
import type { WasmModule } from "./wasm.js";

/** What all handles of one open database share. */
export interface DatabaseCore {
  readonly name: string;
  readonly host: Host;
  readonly database: Handle;
  readonly collections: Map<string, CollectionCore>;
  /** Embedders of other models than those of their collections: `reembed()` takes them. */
  readonly refused: Map<string, EmbeddersByField>;
  /** Whether the engine runs in a worker, and why storage or thread are not the best ones. */
  readonly worker: boolean;
  readonly persisted?: (() => Promise<boolean>) | undefined;
  readonly reason?: string | undefined;
}

const COLLECTION_RULES: OptionRules = {
  call: "collection",
  known: { ...CALL_OPTIONS, quota: isAnything, sealAt: isAnything, bm25: isAnything, embedders: isAnything },
};

// Older hosts have no Symbol.asyncDispose; compilers that lower `await using` look for this stand-in there.
type AsyncDispose = typeof Symbol.asyncDispose;
const asyncDispose: AsyncDispose = (Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")) as AsyncDispose;

/** Brings the wasm of a language. */
export type LoadLanguage = (name: string) => Promise<WasmModule | ArrayBuffer>;

/** One handle of an open database. */
export function makeDatabase(lease: Lease<DatabaseCore>, load: LoadLanguage): Database {
  const core = lease.value;
  let closing: Promise<void> | undefined;
  const ensureOpen = (): void => {
    if (closing !== undefined) throw new SanderlingError("closed", `the database "${core.name}" is closed`);
  };
  const run = async <T>(
    options: CallOptions | undefined,
    rules: OptionRules,
    call: () => Promise<T>,
  ): Promise<T> => {
    const given = checkOptions(options, rules);
    ensureOpen();
    return bounded(given, rules.call, call);
  };
  const rules = (call: string): OptionRules => ({ call, known: CALL_OPTIONS });
  const close = (): Promise<void> => (closing ??= lease.release());
  return {
    name: core.name,
    collection: <const S extends Schema>(name: string, schema?: S, options?: CollectionOptions) =>
      run(options, COLLECTION_RULES, () => openCollection<S>(core, ensureOpen, load, name, schema, options)),
    collections: (options) => run(options, rules("collections"), () => core.host.collections(core.database)),
    drop: (name, options) =>
      run(options, rules("drop"), async () => {
        checkName(name);
        await core.host.drop(core.database, name);
        core.collections.delete(name);
      }),
    status: (options) => run(options, rules("status"), () => status(core)),
    export: (options) => run(options, rules("export"), () => exportStream(core.host, core.database, options?.signal)),
    verify: (options) =>
      run(options, rules("verify"), async () => (await core.host.verify(core.database)) as Verification),
    close,
    [asyncDispose]: close,
  };
}

async function openCollection<S extends Schema>(
  core: DatabaseCore,
  ensureOpen: () => void,
  load: LoadLanguage,
  name: string,
  schema: S | undefined,
  options: CollectionOptions | undefined,
): Promise<Collection<S>> {
  checkName(name);
  const text = schema === undefined ? undefined : encodeJson(schema, { code: "schema", root: "schema" });
  const embedders = options?.embedders === undefined ? undefined : embeddersOf(options.embedders);
  const known = settings(options, embedders);
  let shared = core.collections.get(name);
  const open = (): Promise<OpenedCollection> => core.host.collection(core.database, name, text, known);
  const opened = await withLanguages(core.host, load, open).catch((error: unknown) => {
    // Whoever has the collection open already may want to take them.
    if (embedders !== undefined && toSanderlingError(error).code === "schema") {
      core.refused.set(name, embedders);
      if (shared !== undefined) shared.refused = embedders;
    }
    throw error;
  });
  const fields = fieldTable(opened.schema);
  if (shared?.collection === opened.collection) shared.fields = fields;
  else shared = newCore(opened.collection, fields, core.refused.get(name));
  if (embedders !== undefined) {
    shared.embedders = new Map([...shared.embedders, ...embedders]);
    shared.refused = NO_EMBEDDERS;
    core.refused.delete(name);
  }
  core.collections.set(name, shared);
  return makeCollection<S>({ name, host: core.host, core: shared, ensureOpen });
}

function newCore(collection: Handle, fields: FieldTable, refused: EmbeddersByField = NO_EMBEDDERS): CollectionCore {
  const reembedding = Promise.resolve();
  return { collection, fields, writes: 0, lastMade: Promise.resolve(), reembedding, embedders: NO_EMBEDDERS, refused };
}

/** Makes a call, and makes it again with each language that the engine says it lacks. */
export async function withLanguages<T>(host: Host, load: LoadLanguage, call: () => Promise<T>): Promise<T> {
  const brought = new Set<string>();
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const { code, details } = toSanderlingError(error);
      const { language } = details;
      if (code !== "unsupported" || typeof language !== "string" || brought.has(language)) throw error;
      brought.add(language);
      await host.language(language, await load(language));
    }
  }
}

function settings(options: CollectionOptions | undefined, embedders: EmbeddersByField | undefined): string | undefined {
  const { quota, sealAt, bm25 } = options ?? {};
  const models = embedders === undefined ? undefined : modelsOf(embedders);
  const text = encodeJson({ quota, sealAt, bm25, models }, { code: "invalid", root: "options of collection" });
  return text === "{}" ? undefined : text;
}

async function status(core: DatabaseCore): Promise<DatabaseStatus> {
  const engine = await core.host.status(core.database);
  const persisted = await core.persisted?.();
  const kept = persisted === undefined ? {} : { persisted };
  return { ...engine, ...kept, worker: core.worker, ...(core.reason === undefined ? {} : { reason: core.reason }) };
}

function checkName(name: unknown): void {
  if (typeof name !== "string") throw mismatch("invalid", "collection name", "a string", describe(name));
  if (hasLoneSurrogate(name)) throw mismatch("invalid", "collection name", "well-formed text", "a lone surrogate");
}
