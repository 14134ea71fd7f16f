import type { EngineCollection, EngineDatabase, EngineModule, EngineStatus } from "./engine.js";
import { SanderlingError, toSanderlingError } from "./errors.js";
import type { EncodedAnswer, EncodedQuery, Handle, Host } from "./host.js";
import { addLanguage } from "./languages.js";
import { engineStorage, restoreCalls } from "./in-thread-restore.js";
import type { SimdLevel } from "./wasm.js";

interface OpenDatabase {
  readonly engine: EngineDatabase;
  readonly collections: Map<string, Handle>;
  /** Calls under way, which closing waits for: its storage would be gone under them. */
  readonly running: Set<Promise<unknown>>;
}

interface OpenCollection {
  readonly database: OpenDatabase;
  readonly engine: EngineCollection;
}

interface State {
  readonly databases: Map<Handle, OpenDatabase>;
  readonly collections: Map<Handle, OpenCollection>;
  handles: number;
  /** The text of the trap after which the wasm instance must not be entered again. */
  trap: string | undefined;
}

/** The engine in this thread: looks handles up and calls the wasm classes. The module has been initialised. */
export function inThreadHost(engine: EngineModule, simd: SimdLevel): Host {
  const state: State = { databases: new Map(), collections: new Map(), handles: 0, trap: undefined };
  const guarded = <T>(call: () => T | Promise<T>): Promise<T> => guard(state, call);
  const opened = (database: EngineDatabase): Handle => {
    state.handles += 1;
    state.databases.set(state.handles, { engine: database, collections: new Map(), running: new Set() });
    return state.handles;
  };
  return {
    language: addLanguage,
    ...databaseCalls(engine, simd, state, opened),
    ...collectionCalls(state),
    ...restoreCalls(engine, guarded, opened),
    repair: (name, storage) => guarded(() => engine.repair({ name, storage: engineStorage(storage) })),
  };
}

type ExportMethod = "export" | "exportPiece" | "endExport" | "verify";
type DatabaseMethod = "open" | "close" | "status" | "collections" | "drop" | "collection" | ExportMethod;
type RestoreMethod = "restore" | "restorePiece" | "endRestore" | "repair";

function databaseCalls(
  engine: EngineModule,
  simd: SimdLevel,
  state: State,
  opened: (database: EngineDatabase) => Handle,
): Pick<Host, DatabaseMethod> {
  const on = <T>(handle: Handle, call: (database: OpenDatabase) => T | Promise<T>): Promise<T> => {
    const database = state.databases.get(handle);
    if (database === undefined) return Promise.reject(closed("the database is closed"));
    return track(database, guard(state, () => call(database)));
  };
  return {
    open: (name, storage, manner) =>
      guard(state, async () => {
        return { database: opened(await engine.open({ name, storage: engineStorage(storage), ...manner })) };
      }),
    close: (handle) => closeDatabase(state, handle),
    status: (handle) => on(handle, ({ engine }) => ({ ...(engine.status() as EngineStatus), simd })),
    collections: (handle) => on(handle, ({ engine }) => engine.collections()),
    export: (handle) => on(handle, ({ engine }) => engine.export()),
    exportPiece: (handle, ...piece) => on(handle, ({ engine }) => engine.exportPiece(...piece)),
    endExport: (handle, stream) => on(handle, ({ engine }) => engine.endExport(stream)),
    verify: (handle) => on(handle, ({ engine }) => engine.verify()),
    drop: (handle, name) =>
      on(handle, async (database) => {
        await database.engine.drop(name);
        const collection = database.collections.get(name);
        database.collections.delete(name);
        if (collection !== undefined) state.collections.delete(collection);
      }),
    collection: (handle, name, schema, settings) =>
      on(handle, async (database) => {
        const found = await database.engine.collection(name, schema, settings);
        const collection = database.collections.get(name) ?? (state.handles += 1);
        database.collections.set(name, collection);
        state.collections.set(collection, { database, engine: found });
        return { collection, schema: found.schema() };
      }),
  };
}

function collectionCalls(state: State): Omit<Host, DatabaseMethod | RestoreMethod | "language"> {
  const on = <T>(handle: Handle, call: (collection: EngineCollection) => T | Promise<T>): Promise<T> => {
    const collection = state.collections.get(handle);
    if (collection === undefined) return Promise.reject(closed("the collection was dropped or its database is closed"));
    return track(collection.database, guard(state, () => call(collection.engine)));
  };
  return {
    schema: (handle) => on(handle, (engine) => engine.schema()),
    put: (handle, documents, vectors, layout, options) =>
      on(handle, (engine) => engine.put(documents, vectors, layout, options)),
    update: (handle, id, patch, vectors, layout, options) =>
      on(handle, (engine) => engine.update(id, patch, vectors, layout, options)),
    delete: (handle, target) => on(handle, (engine) => engine.delete(target)),
    get: (handle, id) => on(handle, (engine) => engine.get(id)),
    version: (handle, id) => on(handle, (engine) => engine.version(id)),
    count: (handle, filter) => on(handle, (engine) => engine.count(filter)),
    list: (handle, options) => on(handle, (engine) => engine.list(options)),
    search: (handle, queries) => on(handle, (engine) => searchAll(engine, queries)),
    suggest: (handle, text, options) => on(handle, (engine) => engine.suggest(text, options)),
    flush: (handle) => on(handle, (engine) => engine.flush()),
    compact: (handle, report) => on(handle, (engine) => engine.compact(report)),
    settings: (handle, asked) => on(handle, (engine) => engine.settings(asked)),
    stats: (handle) => on(handle, (engine) => engine.stats()),
  };
}

async function searchAll(engine: EngineCollection, queries: readonly EncodedQuery[]): Promise<EncodedAnswer[]> {
  const answers: EncodedAnswer[] = [];
  for (const query of queries) {
    const start = performance.now();
    const { json, vectors, layout } = engine.search(query.json, query.vectors, query.lengths);
    answers.push({ json, vectors, layout, took: performance.now() - start });
  }
  return answers;
}

async function closeDatabase(state: State, handle: Handle): Promise<void> {
  const database = state.databases.get(handle);
  if (database === undefined) return;
  state.databases.delete(handle);
  for (const collection of database.collections.values()) state.collections.delete(collection);
  await Promise.allSettled(database.running);
  // An engine that trapped must not be entered; its memory goes with the thread.
  if (state.trap !== undefined) return;
  await guard(state, () => database.engine.close());
  database.engine.free();
}

/** Calls the engine: its plain error objects get their class, and after a trap it is never entered again. */
async function guard<T>(state: State, call: () => T | Promise<T>): Promise<T> {
  if (state.trap !== undefined) throw trapped(state.trap);
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw toSanderlingError(error);
    state.trap ??= error.message;
    throw trapped(state.trap);
  }
}

function trapped(trap: string): SanderlingError {
  const message = `the engine stopped (${trap}); what was acknowledged is stored, open the database in a new engine`;
  return new SanderlingError("internal", message, { trap });
}

function track<T>(database: OpenDatabase, call: Promise<T>): Promise<T> {
  const done = call.finally(() => database.running.delete(done));
  database.running.add(done);
  return done;
}

function closed(message: string): SanderlingError {
  return new SanderlingError("closed", message);
}
