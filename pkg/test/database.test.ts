import assert from "node:assert/strict";
import { test } from "node:test";
import { entry } from "../src/entry.js";
import { SanderlingError } from "../src/errors.js";
import { inThreadHost } from "../src/in-thread-host.js";
import { inThreadLocate } from "../src/in-thread-platform.js";
import type { Database, Open } from "../src/index.js";
import type { LanguageSource } from "../src/load.js";
import { fakeEngine, type FakeEngine } from "./fake-engine.js";

const SCHEMA = {
  fields: {
    title: { type: "text" },
    year: { type: "number" },
    added: { type: "date" },
    vector: { type: "vector", dimensions: 2 },
  },
} as const;

// No language is asked for where a test does not say so.
const NO_LANGUAGES: LanguageSource = {
  language: (name) => Promise.reject(new SanderlingError("unavailable", `no ${name} here`, { href: `${name}.wasm` })),
  read: (href) => Promise.reject(new Error(href)),
};

function fresh(languages = NO_LANGUAGES): { engine: FakeEngine; open: Open } {
  const engine = fakeEngine();
  const host = inThreadHost(engine, "simd128");
  return { engine, open: entry(inThreadLocate({ host: () => Promise.resolve(host) }), languages).open };
}

async function withBooks() {
  const { engine, open } = fresh();
  const db = await open("library");
  const books = await db.collection("books", SCHEMA);
  return { engine, db, books, last: () => engine.calls.at(-1)! };
}

const rejects = (call: Promise<unknown>, code: string, message?: RegExp): Promise<void> =>
  assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof SanderlingError, String(error));
    assert.equal(error.code, code, error.message);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });

test("a document comes back as it was put", async () => {
  const { books } = await withBooks();
  const written = await books.put({ id: "b1", title: "t", vector: [1, 2], extra: { a: [null] } });
  assert.deepEqual(written.ids, ["b1"]);
  const found = await books.get("b1");
  assert.deepEqual(found, { id: "b1", title: "t", extra: { a: [null] }, vector: new Float32Array([1, 2]) });
  assert.equal(await books.get("b2"), undefined);
  assert.equal(await books.has("b1"), true);
  assert.deepEqual(await books.delete(["b1", "b2"]), { deleted: 1 });
});

test("a language that cannot be loaded is named, and asked for again at the next try", async () => {
  const { engine, open } = fresh();
  const db = await open("library");
  const missing = { code: "unsupported", message: "no such pack", details: { language: "german" } };
  for (const languages of [undefined, { german: undefined, french: "?" }] as const) {
    engine.failWith(missing);
    await assert.rejects((await open("library", { languages } as object)).collection("books", SCHEMA), {
      code: "unavailable",
      message: 'the language "german" is not at hand: no german here',
      details: { language: "german", href: "german.wasm" },
    });
  }
  const empty = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  engine.failWith(missing);
  await rejects((await open("library", { languages: { german: empty } })).collection("books", SCHEMA), "invalid", /german/);
  engine.failWith({ ...missing, details: {} });
  await rejects(db.collection("books", SCHEMA), "unsupported", /pack/);
  await db.collection("books", SCHEMA);
  await rejects(open("library", { languages: 5 } as object), "invalid", /languages/);
});

test("a second open is a second handle, the last close closes", async () => {
  const { engine, open } = fresh();
  const [first, second] = await Promise.all([open("library"), open("library")]);
  assert.equal(engine.openCount(), 1);
  const books = await first.collection("books", SCHEMA);
  await first.close();
  await first.close();
  await rejects(first.collections(), "closed");
  await rejects(books.get("b1"), "closed");
  assert.deepEqual(await second.collections(), ["books"]);
  assert.equal(engine.openCount(), 1);
  await second.close();
  assert.equal(engine.openCount(), 0);
  const third = await open("library");
  assert.deepEqual(await third.collections(), []);
  const other = await open("other");
  assert.equal(engine.openCount(), 2);
  await Promise.all([third.close(), other.close()]);
});

test("closing waits for calls under way, and a new open waits for the closing", async () => {
  const { engine, open } = fresh();
  const db = await open("library");
  const books = await db.collection("books", SCHEMA);
  const put = books.put({ id: 1 });
  const [, , again] = await Promise.all([put, db.close(), open("library")]);
  assert.deepEqual(
    engine.calls.map(({ method }) => method),
    ["open", "collection", "put", "close", "open"],
  );
  await again.close();
});

test("an open that failed can be tried again", async () => {
  const { engine, open } = fresh();
  engine.failWith({ code: "corrupt", message: "bad", details: {} });
  await rejects(open("library"), "corrupt");
  await (await open("library")).close();
});

test("await using closes the database", async () => {
  const { engine, open } = fresh();
  {
    await using db: Database = await open("library");
    assert.equal(db.name, "library");
  }
  assert.equal(engine.openCount(), 0);
});

test("a second handle is as durable as it was asked to be", async () => {
  const { open } = fresh();
  const relaxed = await open("library", { durability: "relaxed" });
  await rejects(open("library"), "unavailable", /relaxed/);
  const same = await open("library", { durability: "relaxed" });
  await same.close();
  await relaxed.close();
  await (await open("library")).close();
});

test("the memory budget reaches the engine, 256 MiB unless told", async () => {
  const { engine, open } = fresh();
  for (const memoryBudget of [undefined, 1, 5 * 2 ** 40]) await (await open("library", { memoryBudget })).close();
  const options = engine.calls.filter(({ method }) => method === "open").map(({ args }) => args[0]);
  const budgets = options.map((given) => (given as { memoryBudget: number }).memoryBudget);
  assert.deepEqual(budgets, [256 * 2 ** 20, 1, 5 * 2 ** 40]);
});

test("options: unknown ones are invalid, later ones unsupported, undefined ones absent", async () => {
  const { open } = fresh();
  const bad = (options: object): Promise<unknown> => open("library", options);
  await rejects(bad({ colour: 1 }), "invalid", /colour/);
  await rejects(bad({ encryption: {} }), "unsupported", /encryption/);
  await rejects(bad({ persist: "yes" }), "invalid", /persist/);
  await rejects(bad({ storage: "indexeddb" }), "unavailable", /needs a browser/);
  await rejects(bad({ storage: "floppy" }), "invalid", /floppy/);
  await rejects(bad({ storage: "opfs" }), "unavailable");
  await rejects(bad({ storage: "fs", path: "x" }), "unavailable");
  await rejects(bad({ durability: "some" }), "invalid", /strict/);
  await rejects(bad({ storage: {} }), "invalid", /list/);
  for (const memoryBudget of [0, -1, 1.5, 2 ** 53, NaN, Infinity, "1", null, 1n]) {
    await rejects(bad({ memoryBudget }), "invalid", /memoryBudget.*a whole number of bytes above 0/);
  }
  const db = await open("library", { storage: undefined, colour: undefined } as object);
  await rejects(db.collection("books", SCHEMA, { embedders: 5 } as object), "invalid", /embedders/);
  const books = await db.collection("books", SCHEMA);
  await rejects(books.put({ id: 1 }, { ifVersion: "present" } as object), "invalid", /ifVersion/);
  await rejects(books.put({ id: 1 }, { wait: 1 } as object), "invalid", /wait/);
  await rejects(books.search({ rerank: 5 } as object), "invalid", /rerank/);
  await rejects(books.search({ rerank: () => [], groupBy: { field: "title" } } as object), "invalid", /groupBy/);
  await rejects(books.search({ rerank: () => 5 } as object), "invalid", /rerank.*scores/);
  await rejects(books.search({ text: "a", vector: "text" }), "invalid", /embedder/);
  await rejects(books.search({ txt: "a" } as object), "invalid", /txt/);
  await rejects(books.compact({ onProgress: true } as object), "invalid", /onProgress.*a function/);
  await rejects(books.delete({} as { filter: string }), "invalid", /filter/);
  await books.put({ id: 1 }, { wait: false });
});

test("names of databases are 1 to 512 bytes of well-formed text", async () => {
  const { open } = fresh();
  for (const name of ["", "x".repeat(513), "\u{1F426}".repeat(129), "\ud800"]) await rejects(open(name), "invalid");
  await rejects(open(5 as unknown as string), "invalid");
  await (await open("\u{1F426}".repeat(128))).close();
});

test("a signal stops a call before it starts and while it waits", async () => {
  const { engine, books } = await withBooks();
  const before = engine.calls.length;
  await rejects(books.put({ id: 1 }, { signal: AbortSignal.abort(new Error("enough")) }), "aborted", /enough/);
  assert.equal(engine.calls.length, before);
  const controller = new AbortController();
  const waiting = books.search({ text: "a", signal: controller.signal });
  controller.abort();
  await rejects(waiting, "aborted");
  await rejects(books.put({ id: 1 }, { signal: "now" } as object), "invalid", /AbortSignal/);
});

test("queries: vectors are packed per leg, values of the wrong type stay for the engine", async () => {
  const { books, last } = await withBooks();
  const sent = async (vector: unknown) => {
    await books.search({ vector } as object);
    const [query, vectors, lengths] = last().args as [string, Float32Array, Uint32Array];
    return { vector: (JSON.parse(query) as { vector: unknown }).vector, vectors: [...vectors], lengths: [...lengths] };
  };
  const none = 0xffffffff;
  assert.deepEqual(await sent([1, 2]), { vector: [{}], vectors: [1, 2], lengths: [2] });
  assert.deepEqual(await sent(new Float32Array([1])), { vector: [{}], vectors: [1], lengths: [1] });
  assert.deepEqual(await sent({ value: [1], field: "vector" }), { vector: [{ field: "vector" }], vectors: [1], lengths: [1] });
  assert.deepEqual(await sent([{ value: [1], ef: 3 }, { value: "x" }, { value: [2, 3] }]), {
    vector: [{ ef: 3 }, { value: "x" }, {}],
    vectors: [1, 2, 3],
    lengths: [1, none, 2],
  });
  assert.deepEqual(await sent([1, "2"]), { vector: [{ value: [1, "2"] }], vectors: [], lengths: [none] });
  assert.deepEqual(await sent([]), { vector: [{}], vectors: [], lengths: [0] });
});

test("user text is never an error, a filter's dates are numbers", async () => {
  const { books, last } = await withBooks();
  await books.search("a\ud800");
  assert.equal(last().args[0], '"a\ufffd"');
  await books.search({ text: { query: "\udc00b" }, filter: { added: { $lt: new Date(7) } } });
  assert.deepEqual(JSON.parse(last().args[0] as string), { text: { query: "\ufffdb" }, filter: { added: { $lt: 7 } } });
  await books.count("year >= 1990");
  assert.equal(last().args[0], '"year >= 1990"');
  await rejects(books.count({ year: NaN }), "filter", /year/);
});

test("search gives hits with vectors attached and the time it took", async () => {
  const { books } = await withBooks();
  await books.put([{ id: 1, vector: [1, 2] }, { id: 2 }, { id: 3, vector: [3, 4] }]);
  const result = await books.search("x");
  assert.deepEqual(result.hits[2]?.document.vector, new Float32Array([3, 4]));
  assert.ok(result.took >= 0);
  assert.equal((await books.searchMany(["a", { text: "b" }])).length, 2);
});

test("list reads page after page until its limit", async () => {
  const { books, engine } = await withBooks();
  await books.put(Array.from({ length: 600 }, (_, id) => ({ id, vector: [id, 0] })));
  const ids: unknown[] = [];
  for await (const { id, vector } of books.list()) ids.push([id, vector?.[0]]);
  assert.deepEqual(ids[599], [599, 599]);
  assert.equal(engine.calls.filter(({ method }) => method === "list").length, 3);
  let count = 0;
  for await (const _ of books.list({ after: 9, limit: 300 })) count += 1;
  assert.equal(count, 300);
  await rejects(books.list({ limit: -1 }).next(), "invalid", /limit/);
});

test("a trap poisons the engine: later calls say what happened instead of entering it", async () => {
  const { books, engine, db } = await withBooks();
  // Read from globalThis, because Node's types leave it out.
  const { RuntimeError } = (globalThis as unknown as { WebAssembly: { RuntimeError: ErrorConstructor } }).WebAssembly;
  engine.failWith(new RuntimeError("unreachable"));
  await rejects(books.count(), "internal", /unreachable/);
  const calls = engine.calls.length;
  await rejects(books.count(), "internal", /unreachable/);
  await rejects(db.collection("books"), "internal", /unreachable/);
  await db.close();
  assert.equal(engine.calls.length, calls);
});

test("a dropped collection is closed to its old handles", async () => {
  const { books, db } = await withBooks();
  await db.drop("books");
  await rejects(books.count(), "closed", /dropped/);
  await rejects(db.collection("books"), "schema");
  const again = await db.collection("books", SCHEMA);
  assert.equal(await again.count(), 0);
});

test("a handle learns the fields that another one added", async () => {
  const { books, db } = await withBooks();
  const wider = await db.collection("books", { fields: { ...SCHEMA.fields, other: { type: "vector", dimensions: 1 } } });
  await wider.put({ id: 1, other: [5] });
  assert.deepEqual((await books.get(1))?.["other"], new Float32Array([5]));
});

test("a write that does not want to wait is refused while another one is not finished", async () => {
  const { books } = await withBooks();
  // All at once: the first one is not finished before anybody waits.
  await Promise.all([
    books.put({ id: "b1", title: "t" }),
    rejects(books.put({ id: "b2", title: "t" }, { wait: false }), "busy", /1 writes/),
    rejects(books.update("b1", { title: "u" }, { wait: false }), "busy"),
    rejects(books.delete("b1", { wait: false }), "busy"),
    books.put({ id: "b3", title: "t" }, { wait: true }),
  ]);
  await books.put({ id: "b2", title: "t" }, { wait: false });
  assert.deepEqual(await Promise.all(["b1", "b2", "b3"].map((id) => books.has(id))), [true, true, true]);
});

test("a failed write does not count as one that is not finished", async () => {
  const { books } = await withBooks();
  await rejects(books.put({ id: "b1", title: "\ud800" }), "invalid");
  await books.put({ id: "b1", title: "t" }, { wait: false });
});
