import { bounded } from "./abort.js";
import type {
  CallOptions,
  Collection,
  CollectionStats,
  DeleteTarget,
  ListOptions,
  PutOptions,
  WriteCallOptions,
  Written,
} from "./api.js";
import { compactWatched, type CompactOptions } from "./compact.js";
import {
  attachVectors,
  encodeDocuments,
  encodeId,
  encodePatch,
  isObject,
  mentionsUnknownField,
} from "./documents.js";
import type { Encoded } from "./engine.js";
import { describe, mismatch, SanderlingError, toSanderlingError } from "./errors.js";
import { fieldTable, type FieldTable } from "./field-table.js";
import type { Handle, Host } from "./host.js";
import { importAll } from "./import.js";
import { encodeJson, wellFormed } from "./json.js";
import { CALL_OPTIONS, checkOptions, isAnything, isBoolean, isFunction, isString, oneOf, type OptionRules } from "./options.js";
import { changesText, embeddersOf, NO_EMBEDDERS, needsVectors, patchWithVectors, withQueryVectorsInTime, withVectors } from "./embedders.js";
import type { EmbeddersByField } from "./embedders.js";
import { decodeAnswer, encodeQuery, plainFilter, reranked } from "./query.js";
import { reembedAll, type ReembedProgress } from "./reembed.js";
import type { Id, NewDocument, Schema, StoredDocument } from "./schema.js";
import type { Query, SearchResult, Suggestion } from "./search-types.js";

/** What all handles of one collection share. */
export interface CollectionCore {
  readonly collection: Handle;
  fields: FieldTable;
  /** Writes that are not finished. */
  writes: number;
  /** Settles with the last write of those that stood behind models. */
  lastMade: Promise<unknown>;
  /** The run of `reembed()` that was begun last. */
  reembedding: Promise<unknown>;
  /** What makes vectors of texts. */
  embedders: EmbeddersByField;
  /** What was given for a collection whose vectors another model has made: `reembed()` takes it. */
  refused: EmbeddersByField;
}

export interface CollectionContext {
  readonly name: string;
  readonly host: Host;
  readonly core: CollectionCore;
  /** Throws when the database handle that this collection came from is closed. */
  readonly ensureOpen: () => void;
}

// Documents per message when listing.
const LIST_PAGE = 256;

const onlySignal = (call: string): OptionRules => ({ call, known: CALL_OPTIONS });

const WRITE: OptionRules["known"] = { ...CALL_OPTIONS, wait: isBoolean };

const PUT_RULES: OptionRules = {
  call: "put",
  known: { ...WRITE, ifVersion: isAnything, expiresAt: isAnything },
};

const LIST_RULES: OptionRules = {
  call: "list",
  known: {
    ...CALL_OPTIONS,
    filter: isAnything,
    prefix: isString,
    after: isAnything,
    limit: (value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : "a non-negative integer"),
  },
};

const REEMBED_RULES: OptionRules = {
  call: "reembed",
  known: {
    ...CALL_OPTIONS,
    batchSize: (value) => (Number.isSafeInteger(value) && Number(value) >= 1 ? undefined : "a whole number from 1"),
    onProgress: isFunction,
  },
};

const COMPACT_RULES: OptionRules = { call: "compact", known: { ...CALL_OPTIONS, onProgress: isFunction } };

const SUGGEST_RULES: OptionRules = {
  call: "suggest",
  known: { ...CALL_OPTIONS, limit: isAnything, fields: isAnything },
};

/** A Collection over a host: checks, encodes, calls, decodes. */
export function makeCollection<S extends Schema>(context: CollectionContext): Collection<S> {
  return { name: context.name, ...writing<S>(context), ...reading<S>(context), ...searching<S>(context) };
}

// Everything that can be wrong with a call rejects its promise, so the check runs inside one.
async function run<T>(
  context: CollectionContext,
  options: CallOptions | undefined,
  rules: OptionRules,
  call: (host: Host, collection: Handle) => Promise<T>,
): Promise<T> {
  const given = checkOptions(options, rules);
  context.ensureOpen();
  return bounded(given, rules.call, async () => call(context.host, context.core.collection));
}

// A write that would have to stand behind another one waits, or rejects when its caller does not want to wait.
async function write<T>(
  context: CollectionContext,
  options: WriteCallOptions | undefined,
  rules: OptionRules,
  call: (host: Host, collection: Handle) => Promise<T>,
): Promise<T> {
  return run(context, options, rules, async (host, collection) => {
    if (options?.wait === false && context.core.writes > 0) {
      const message = `the collection "${context.name}" still has ${context.core.writes} writes to finish`;
      throw new SanderlingError("busy", message, { writes: context.core.writes });
    }
    context.core.writes += 1;
    try {
      return await call(host, collection);
    } finally {
      context.core.writes -= 1;
    }
  });
}

type Writing<S extends Schema> = Pick<Collection<S>, "put" | "update" | "delete" | "import" | "flush" | "compact" | "reembed">;

function writing<S extends Schema>(context: CollectionContext): Writing<S> {
  const { core } = context;
  const put = <D extends NewDocument<S>>(documents: D | readonly D[], options?: PutOptions): Promise<Written> =>
    write(context, options, PUT_RULES, async (host, collection) => {
      const given: readonly unknown[] = Array.isArray(documents) ? documents : [documents];
      const root = (index: number): string => (Array.isArray(documents) ? `documents[${index}]` : "document");
      const apply = async (batch: readonly unknown[]): Promise<Written> => {
        const { json, vectors, layout } = encodeDocuments(batch, core.fields, root);
        return JSON.parse(await host.put(collection, json, vectors, layout, putOptions(options))) as Written;
      };
      // Nothing is waited for where there is nothing to make: writes reach the engine in the order of their calls.
      if (core.embedders.size === 0) return apply(given);
      const make = (embedders: EmbeddersByField): Promise<readonly unknown[]> => withVectors(given, embedders, options?.signal);
      return inOrder(core, embedded(core, make), apply);
    });
  return {
    put,
    import: (source, options) =>
      importAll<NewDocument<S>>((batch) => put(batch, { signal: options?.signal }), source, options),
    update: (id: Id, patch: object, options?: WriteCallOptions) =>
      write(context, options, { call: "update", known: WRITE }, async (host, collection) => {
        const apply = async (whole: object, ifVersion?: number): Promise<Written> => {
          const { json, vectors, layout } = encodePatch(whole, core.fields);
          const asked = ifVersion === undefined ? undefined : JSON.stringify({ ifVersion });
          return JSON.parse(await host.update(collection, encodeId(id), json, vectors, layout, asked)) as Written;
        };
        if (core.embedders.size === 0) return apply(patch);
        if (!changesText(patch, core.embedders)) return inOrder(core, Promise.resolve(patch), (whole) => apply(whole));
        const make = (): Promise<MadePatch> => embeddedPatch(context, id, patch, options?.signal);
        return inOrder(core, make(), (made) => updatedAsRead(made, make, apply));
      }),
    delete: (target: DeleteTarget<S>, options?: WriteCallOptions) =>
      write(context, options, { call: "delete", known: WRITE }, async (host, collection) => {
        const json = encodeTarget(target);
        const apply = async (): Promise<{ deleted: number }> => ({ deleted: await host.delete(collection, json) });
        return core.embedders.size === 0 ? apply() : inOrder(core, Promise.resolve(), apply);
      }),
    flush: (options) => run(context, options, onlySignal("flush"), (host, at) => host.flush(at)),
    compact: (options) => compactAll(context, options),
    reembed: (given, options) =>
      run(context, options, REEMBED_RULES, async (host, collection) => {
        const refused = core.refused.size > 0 ? core.refused : core.embedders;
        const embedders = given === undefined ? refused : embeddersOf(given);
        if (embedders.size === 0) throw mismatch("invalid", "reembed", "embedders", "none");
        // What is written from then on is made by them already.
        const begun = (): void => {
          core.embedders = new Map([...core.embedders, ...embedders]);
          core.refused = NO_EMBEDDERS;
        };
        // One run after the other: what one makes would count as done for the next.
        const all = (): Promise<ReembedProgress> =>
          reembedAll(host, collection, () => core.fields, embedders, begun, options ?? {});
        const run = core.reembedding.then(all, all);
        core.reembedding = run;
        return run;
      }),
  };
}

async function compactAll(context: CollectionContext, options: CompactOptions | undefined): Promise<void> {
  let isOver = false;
  try {
    await run(context, options, COMPACT_RULES, (host, at) => {
      const { signal, timeout, onProgress } = options ?? {};
      if (signal === undefined && timeout === undefined && onProgress === undefined) return host.compact(at);
      return compactWatched(host, at, onProgress, () => isOver || signal?.aborted === true);
    });
  } finally {
    isOver = true; // also where only the waiting has ended
  }
}

// Made again where the models were exchanged meanwhile.
async function embedded<T>(core: CollectionCore, make: (embedders: EmbeddersByField) => Promise<T>): Promise<T> {
  for (;;) {
    const { embedders } = core;
    const made = await make(embedders);
    if (core.embedders === embedders) return made;
  }
}

// Models answer in any order, but writes take effect in the order of their calls: what is made of a write waits for those before
// it, and only then is applied. All of them make at once.
async function inOrder<M, T>(core: CollectionCore, making: Promise<M>, apply: (made: M) => Promise<T>): Promise<T> {
  const before = core.lastMade;
  const done = making.then(async (made) => {
    await before;
    return apply(made);
  });
  core.lastMade = Promise.allSettled([before, done]);
  return done;
}

/** A patch with the vectors of all texts of a document, and the version of that document. */
interface MadePatch {
  readonly whole: object;
  readonly version?: number;
}

// Vectors are made of all texts of a document, also of those that the patch leaves as they are.
async function embeddedPatch(
  { host, core }: CollectionContext,
  id: Id,
  patch: object,
  signal: CallOptions["signal"],
): Promise<MadePatch> {
  const version = await host.version(core.collection, encodeId(id));
  const found = version === null ? undefined : await host.get(core.collection, encodeId(id));
  if (version === null || found === undefined) return { whole: patch };
  const document = JSON.parse(found.json) as Record<string, unknown>;
  const make = (embedders: EmbeddersByField): Promise<object> =>
    patchWithVectors(document, patch as Record<string, unknown>, embedders, signal);
  return { whole: await embedded(core, make), version };
}

// A document that was written meanwhile may have other texts: then the vectors are made of those.
async function updatedAsRead(
  made: MadePatch,
  make: () => Promise<MadePatch>,
  apply: (whole: object, ifVersion?: number) => Promise<Written>,
): Promise<Written> {
  for (let { whole, version } = made; ; { whole, version } = await make()) {
    // One that was not there when it was read may be there now; of one that is not there the engine tells.
    if (version === undefined) ({ whole, version } = await make());
    try {
      return await apply(whole, version);
    } catch (error) {
      if (version === undefined || toSanderlingError(error).code !== "conflict") throw error;
    }
  }
}

type Reading<S extends Schema> = Pick<Collection<S>, "get" | "has" | "count" | "list" | "stats">;

function reading<S extends Schema>(context: CollectionContext): Reading<S> {
  return {
    get: (id, options) =>
      run(context, options, onlySignal("get"), async (host, collection) => {
        const found = await host.get(collection, encodeId(id));
        if (found === undefined) return undefined;
        const document = JSON.parse(found.json) as StoredDocument<S>;
        attachVectors([document], found, await fieldsFor([found], context));
        return document;
      }),
    has: (id, options) => run(context, options, onlySignal("has"), async (host, at) => (await host.version(at, encodeId(id))) !== null),
    count: (filter, options) =>
      run(context, options, onlySignal("count"), async (host, collection) =>
        host.count(collection, filter === undefined ? undefined : JSON.stringify(plainFilter(filter, "filter"))),
      ),
    list: (options) => list<S>(context, options),
    stats: (options) =>
      run(context, options, onlySignal("stats"), async (host, at) => (await host.stats(at)) as CollectionStats),
  };
}

type Searching<S extends Schema> = Pick<Collection<S>, "search" | "searchMany" | "suggest">;

function searching<S extends Schema>(context: CollectionContext): Searching<S> {
  const searchAll = (queries: readonly unknown[], { signal, timeout }: CallOptions, call: string) =>
    run(context, { signal, timeout }, onlySignal(call), async (host, collection): Promise<SearchResult<S>[]> => {
      const { embedders } = context.core;
      const made = queries.some((query) => needsVectors(query, embedders))
        ? await Promise.all(queries.map((query) => withQueryVectorsInTime(query, embedders, signal)))
        : queries;
      const answers = await host.search(collection, made.map(encodeQuery));
      const fields = await fieldsFor(answers, context);
      return Promise.all(answers.map((answer, at) => reranked(queries[at], decodeAnswer<S>(answer, fields))));
    });
  return {
    // What is counted of a field has the type that its facet asks for, which only the caller's types know.
    search: (async (query: Query<S> | string, options?: CallOptions) => {
      // The query is checked where it is encoded; this only finds the signal in it.
      const inner = isObject(query) ? (query["signal"] as CallOptions["signal"]) : undefined;
      const { signal = inner, timeout } = checkOptions(options, onlySignal("search"));
      const [result] = await searchAll([query], { signal, timeout }, "search");
      return result!;
    }) as Collection<S>["search"],
    searchMany: async (queries, options) => {
      if (!Array.isArray(queries)) throw mismatch("invalid", "queries", "an array of queries", describe(queries));
      queries.forEach((query: unknown, at) => {
        const own = isObject(query) ? query["signal"] : undefined;
        if (own !== undefined) throw mismatch("invalid", `queries[${at}].signal`, "one signal for all, as an option of searchMany", describe(own));
      });
      return searchAll(queries, checkOptions(options, onlySignal("searchMany")), "searchMany");
    },
    suggest: (text, options) =>
      run(context, options, SUGGEST_RULES, async (host, collection) => {
        if (typeof text !== "string") throw mismatch("invalid", "suggest", "a string", describe(text));
        const { limit, fields } = options ?? {};
        const json = encodeJson({ limit, fields }, { code: "invalid", root: "options of suggest" });
        return JSON.parse(await host.suggest(collection, wellFormed(text), json)) as Suggestion[];
      }),
  };
}

async function* list<S extends Schema>(
  context: CollectionContext,
  options: ListOptions<S> | undefined,
): AsyncGenerator<StoredDocument<S>, undefined> {
  const { filter, prefix, limit = Infinity, after: first } = checkOptions(options, LIST_RULES);
  if (first !== undefined) encodeId(first, "after");
  const fixed = { filter: filter === undefined ? undefined : plainFilter(filter, "filter"), prefix };
  let after = first;
  let left = limit;
  while (left > 0) {
    const page = { ...fixed, after, limit: Math.min(left, LIST_PAGE) };
    const json = encodeJson(page, { code: "invalid", root: "options of list" });
    const found = await run(context, options, LIST_RULES, (host, collection) => host.list(collection, json));
    const { documents, more } = JSON.parse(found.json) as { documents: StoredDocument<S>[]; more: boolean };
    attachVectors(documents, found, await fieldsFor([found], context));
    yield* documents;
    left -= documents.length;
    after = documents.at(-1)?.id;
    if (!more || documents.length === 0) return;
  }
}

// Another handle of the database may have added fields since this one read the schema.
async function fieldsFor(answers: readonly Encoded[], { core, host }: CollectionContext): Promise<FieldTable> {
  if (answers.some((answer) => mentionsUnknownField(answer, core.fields))) {
    core.fields = fieldTable(await host.schema(core.collection));
  }
  return core.fields;
}

function putOptions(options: PutOptions | undefined): string | undefined {
  const { ifVersion, expiresAt } = options ?? {};
  if (ifVersion === undefined && expiresAt === undefined) return undefined;
  const wrong = typeof ifVersion === "number" ? undefined : oneOf("absent", undefined)(ifVersion);
  if (wrong !== undefined) throw mismatch("invalid", "put: ifVersion", '"absent" or a version', describe(ifVersion));
  return encodeJson({ ifVersion, expiresAt }, { code: "invalid", root: "options of put", dates: "milliseconds" });
}

function encodeTarget(target: unknown): string {
  if (Array.isArray(target)) return `[${target.map((id, index) => encodeId(id, `ids[${index}]`)).join(",")}]`;
  if (!isObject(target)) return encodeId(target);
  const { filter } = checkOptions(target, { call: "delete", known: { filter: isAnything } });
  // Without this, a misspelt or undefined filter would delete everything.
  if (filter === undefined) throw mismatch("invalid", "delete", "an id, ids or { filter }", "no filter");
  return JSON.stringify({ filter: plainFilter(filter, "filter") });
}
