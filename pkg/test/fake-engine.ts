import type { EngineCollection, EngineDatabase, EngineModule, EngineOpenOptions, Encoded } from "../src/engine.js";

// Stands in for the generated bindings: keeps documents in a Map and knows nothing of ranking. It checks that what reaches
// the engine is what the working contract between the two says.

interface Stored {
  readonly json: string;
  readonly vectors: readonly (readonly [field: number, vector: Float32Array])[];
  readonly version: number;
}

export interface FakeEngine extends EngineModule {
  /** What was passed to each call, newest last. */
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[];
  /** Databases open now. */
  openCount(): number;
  /** The next engine call throws this. */
  failWith(error: unknown): void;
}

export function fakeEngine(): FakeEngine {
  const calls: { method: string; args: readonly unknown[] }[] = [];
  let opened = 0;
  let failure: { error: unknown } | undefined;
  const record = (method: string, ...args: readonly unknown[]): void => {
    calls.push({ method, args });
    if (failure === undefined) return;
    const { error } = failure;
    failure = undefined;
    throw error;
  };
  return {
    calls,
    openCount: () => opened,
    failWith: (error) => void (failure = { error }),
    initSync: (options) => options,
    open: async (options) => {
      record("open", options);
      opened += 1;
      return fakeDatabase(options, record, () => (opened -= 1));
    },
    restore: async (options, next) => {
      record("restore", options);
      const { storage } = options;
      try {
        for (let piece = await next(); piece !== undefined; piece = await next()) record("piece", [...piece]);
      } catch (error) {
        if (typeof storage === "object" && !("opfs" in storage)) await storage.close?.();
        throw error;
      }
      opened += 1;
      return fakeDatabase(options, record, () => (opened -= 1));
    },
    repair: async (options) => {
      record("repair", options);
      if (typeof options.storage === "object" && !("opfs" in options.storage)) await options.storage.close?.();
      return { lost: [], kept: { documents: 3 }, copies: [] };
    },
  };
}

type Recorder = (method: string, ...args: readonly unknown[]) => void;

function fakeDatabase(options: EngineOpenOptions, record: Recorder, onClose: () => void): EngineDatabase {
  const collections = new Map<string, { schema: string; documents: Map<string, Stored> }>();
  const { storage, durability } = options;
  return {
    collection: async (name, schema, settings) => {
      record("collection", name, schema, settings);
      const found = collections.get(name);
      if (found === undefined && schema === undefined) throw { code: "schema", message: `no collection ${name}`, details: {} };
      const made = { schema: schema ?? found!.schema, documents: found?.documents ?? new Map<string, Stored>() };
      collections.set(name, made);
      return fakeCollection(made, record);
    },
    collections: () => [...collections.keys()],
    drop: async (name) => {
      record("drop", name);
      collections.delete(name);
    },
    export: async () => {
      record("export");
      return { export: 5, bytes: 10 };
    },
    exportPiece: async (stream, offset, length) => {
      record("exportPiece", stream, offset, length);
      const size = Math.max(0, Math.min(4, length, 10 - offset));
      return Uint8Array.from({ length: size }, (_, at) => offset + at);
    },
    endExport: async (stream) => record("endExport", stream),
    verify: async () => {
      record("verify");
      return { ok: true, files: 2, problems: [] };
    },
    status: () => ({
      storage: typeof storage === "string" ? storage : "opfs" in storage ? "opfs" : (storage.kind ?? "custom"),
      durability,
      role: "leader",
      version: "0.0.0",
    }),
    close: async () => {
      record("close");
      onClose();
      if (typeof storage === "object" && !("opfs" in storage)) await storage.close?.();
    },
    free: () => undefined,
  };
}

function fakeCollection(data: { schema: string; documents: Map<string, Stored> }, record: Recorder): EngineCollection {
  const { documents } = data;
  let versions = 0;
  return {
    schema: () => data.schema,
    put: async (text, vectors, layout, options) => {
      record("put", text, vectors, layout, options);
      const batch = storedDocuments(text, vectors, layout);
      for (const stored of batch) documents.set(stored.id, { ...stored, version: (versions += 1) });
      const ids = batch.map(({ id }) => JSON.parse(id) as unknown);
      return JSON.stringify({ ids, versions: ids.map((_, index) => index + 1) });
    },
    update: async (id, patch, vectors, layout) => {
      record("update", id, patch, vectors, layout);
      return JSON.stringify({ ids: [JSON.parse(id)], versions: [2] });
    },
    delete: async (target) => {
      record("delete", target);
      const ids = [JSON.parse(target) as unknown].flat();
      return ids.filter((id) => documents.delete(JSON.stringify(id))).length;
    },
    get: (id) => {
      record("get", id);
      const found = documents.get(id);
      return found === undefined ? undefined : encode([found], (json) => json[0]);
    },
    version: (id) => (documents.has(id) ? 1 : null),
    count: (filter) => {
      record("count", filter);
      return documents.size;
    },
    list: (options) => {
      record("list", options);
      const { after, limit } = JSON.parse(options) as { after?: string | number; limit: number };
      const all = [...documents.entries()];
      const start = after === undefined ? 0 : all.findIndex(([id]) => id === JSON.stringify(after)) + 1;
      const page = all.slice(start, start + limit).map(([, stored]) => stored);
      return encode(page, (json) => ({ documents: json, more: start + limit < all.length }));
    },
    suggest: (text, options) => {
      record("suggest", text, options);
      return "[]";
    },
    search: (query, vectors, lengths) => {
      record("search", query, vectors, lengths);
      const hits = [...documents.values()];
      return encode(hits, (json) => ({
        hits: json.map((document, index) => ({ id: 0, score: 1, version: hits[index]!.version, document })),
        total: hits.length,
        plan: [],
      }));
    },
    flush: async () => record("flush"),
    compact: async () => record("compact"),
    settings: async (asked) => record("settings", asked) ?? "{}",
    stats: () => Promise.resolve({ documents: documents.size, segments: [] }),
  };
}

function storedDocuments(
  text: string,
  vectors: Float32Array,
  layout: Uint32Array,
): (Omit<Stored, "version"> & { readonly id: string })[] {
  const split = splitVectors(vectors, layout);
  return (JSON.parse(text) as { id: string | number }[]).map((document, index) => ({
    id: JSON.stringify(document.id),
    json: JSON.stringify(document),
    vectors: split.filter(([at]) => at === index).map(([, field, vector]) => [field, vector] as const),
  }));
}

function encode(stored: readonly Stored[], wrap: (documents: unknown[]) => unknown): Encoded {
  const layout: number[] = [];
  const floats: number[] = [];
  stored.forEach(({ vectors }, index) => {
    for (const [field, vector] of vectors) {
      layout.push(index, field, vector.length);
      floats.push(...vector);
    }
  });
  const json = JSON.stringify(wrap(stored.map((each) => JSON.parse(each.json) as unknown)));
  return { json, vectors: Float32Array.from(floats), layout: Uint32Array.from(layout) };
}

function splitVectors(vectors: Float32Array, layout: Uint32Array): [index: number, field: number, vector: Float32Array][] {
  const split: [number, number, Float32Array][] = [];
  let start = 0;
  for (let at = 0; at < layout.length; at += 3) {
    const length = layout[at + 2]!;
    split.push([layout[at]!, layout[at + 1]!, vectors.slice(start, start + length)]);
    start += length;
  }
  return split;
}
