// Vectors that a model makes of texts: on writing, on searching, and made anew by another model.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { open, SanderlingError } from "sanderling";

const SCHEMA = {
  fields: { title: { type: "text" }, body: { type: "text", many: true }, vector: { type: "vector", dimensions: 4 } },
};

/** A model that counts letters; `turn` makes another model of it. */
function letters(model = "letters", turn = 0) {
  const calls = [];
  const count = (text, letter) => text.split(letter).length - 1;
  const embed = async (texts, { kind, signal }) => {
    calls.push({ texts: [...texts], kind, signal });
    const vector = (text) => ["a", "b", "c", "d"].map((letter) => count(text, letter));
    return texts.map((text) => Float32Array.from([...vector(text).slice(turn), ...vector(text).slice(0, turn)]));
  };
  return { calls, embedder: { model, from: ["title", "body"], embed } };
}

const rejects = (call, code, words) =>
  assert.rejects(call, (error) => {
    assert.ok(error instanceof SanderlingError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  });

const ids = ({ hits }) => hits.map(({ id }) => id);

async function withBooks(embedders, check) {
  const db = await open("embedders", { storage: "memory" });
  try {
    await check(await db.collection("books", SCHEMA, { embedders }));
  } finally {
    await db.close();
  }
}

test("documents without a vector get one, others keep theirs", async () => {
  const { calls, embedder } = letters();
  await withBooks({ vector: embedder }, async (books) => {
    const signal = new AbortController().signal;
    const given = [
      { id: 1, title: "aa", body: ["b", "c"] },
      { id: 2, title: "a", vector: [9, 9, 9, 9] },
      { id: 3, other: "aaa" },
      { id: 4, title: "d", vector: null },
    ];
    await books.put(given, { signal });
    assert.deepEqual(calls, [{ texts: ["aa\nb\nc"], kind: "document", signal }]);
    assert.deepEqual((await books.get(1)).vector, Float32Array.of(2, 1, 1, 0));
    assert.deepEqual((await books.get(2)).vector, Float32Array.of(9, 9, 9, 9));
    assert.equal("vector" in (await books.get(3)), false);
    assert.equal((await books.get(4)).vector, null);
    assert.equal("vector" in given[0], false, "what was given stays as it was");
    for await (const _ of books.import([{ id: 5, title: "dd" }])) continue;
    assert.deepEqual((await books.get(5)).vector, Float32Array.of(0, 0, 0, 2));
  });
});

test("a changed text gets a new vector of all its texts", async () => {
  const { calls, embedder } = letters();
  await withBooks({ vector: embedder }, async (books) => {
    await books.put({ id: 1, title: "a", body: ["b"], year: 1 });
    calls.length = 0;
    await books.update(1, { year: 2 });
    assert.deepEqual(calls, []);
    await books.update(1, { title: "cc" });
    assert.deepEqual(calls.map(({ texts }) => texts), [["cc\nb"]]);
    assert.deepEqual((await books.get(1)).vector, Float32Array.of(0, 1, 2, 0));
    await books.update(1, { title: "d", vector: [1, 2, 3, 4] });
    assert.deepEqual((await books.get(1)).vector, Float32Array.of(1, 2, 3, 4));
    await books.update(1, { title: null, body: null });
    assert.equal((await books.get(1)).vector, null, "what has no text has no vector");
    await rejects(books.update(7, { title: "a" }), "conflict", /7/);
  });
});

test("updates of one document at once leave a vector of all its texts", async () => {
  const { embedder } = letters();
  const embed = async (texts, options) => {
    await new Promise((resolve) => setTimeout(resolve, texts[0].length % 2 === 0 ? 20 : 5));
    return embedder.embed(texts, options);
  };
  await withBooks({ vector: { ...embedder, embed } }, async (books) => {
    await books.put({ id: 1, title: "a", body: ["b"] });
    await Promise.all([books.update(1, { title: "aaaa" }), books.update(1, { body: ["bbbbb"] }), books.update(2, {}).catch(() => 0)]);
    assert.deepEqual((await books.get(1)).vector, Float32Array.of(4, 5, 0, 0));
  });
});

/** A model that answers a text only when it is told to. */
function slow() {
  const waiting = new Map();
  const { embedder } = letters();
  const embed = async (texts, options) => {
    await new Promise((answer) => waiting.set(texts[0], answer));
    return embedder.embed(texts, options);
  };
  // Whoever asks comes to the model some steps later.
  const answer = async (text) => {
    for (let turns = 0; !waiting.has(text) && turns < 1_000; turns += 1) await new Promise(setImmediate);
    waiting.get(text)();
    waiting.delete(text);
  };
  return { answer, embedder: { ...embedder, embed } };
}

test("writes take effect in the order of their calls, whenever models answer", async () => {
  const { answer, embedder } = slow();
  await withBooks({ vector: embedder }, async (books) => {
    const writes = [books.put({ id: 1, title: "first a" }), books.put({ id: 1, title: "second b" })];
    await answer("second b");
    await answer("first a");
    await Promise.all(writes);
    assert.equal((await books.get(1)).title, "second b");
    const last = [books.put({ id: 1, title: "third c" }), books.delete(1)];
    await answer("third c");
    assert.deepEqual((await Promise.all(last))[1], { deleted: 1 });
    assert.equal(await books.get(1), undefined);
    const update = [books.put({ id: 2, title: "new a", body: "b" }), books.update(2, { title: "changed" })];
    await answer("new a\nb");
    await answer("changed\nb");
    await Promise.all(update);
    assert.deepEqual((await books.get(2)).vector, Float32Array.of(1, 1, 1, 1));
    // One that fails holds up nobody.
    const failing = [books.put({ id: 3, title: 7 }), books.put({ id: 3, title: "right" })];
    await answer("right");
    await rejects(failing[0], "invalid", /title/);
    await failing[1];
  });
});

test("an update makes its vector of the texts that are there when it takes effect", async () => {
  const { answer, embedder } = slow();
  await withBooks({ vector: embedder }, async (books) => {
    const first = books.put({ id: 1, title: "aa", body: "b" });
    await answer("aa\nb");
    await first;
    const both = [books.put({ id: 1, title: "x", body: "ddd" }), books.update(1, { title: "c" })];
    await answer("c\nb");
    await answer("x\nddd");
    await answer("c\nddd");
    await Promise.all(both);
    const { title, body, vector } = await books.get(1);
    assert.deepEqual({ title, body, vector }, { title: "c", body: "ddd", vector: Float32Array.of(0, 0, 1, 3) });
  });
});

test("a text is searched by its vector", async () => {
  const { calls, embedder } = letters();
  await withBooks({ vector: embedder }, async (books) => {
    await books.put([{ id: 1, title: "aaab" }, { id: 2, title: "cd cd" }, { id: 3, title: "x" }]);
    calls.length = 0;
    const found = await books.search({ text: "cd", vector: "text" });
    assert.deepEqual(ids(found), [2, 1, 3].filter((id) => ids(found).includes(id)));
    assert.equal(found.hits[0].vector.rank, 1);
    assert.deepEqual(calls.map(({ texts, kind }) => [texts, kind]), [[["cd"], "query"]]);
    const short = await books.search("cd");
    assert.deepEqual(short.hits, found.hits, "a text alone is hybrid where there is an embedder");
    const chosen = await books.search({ text: "cd", vector: { field: "vector", value: "text", exact: true } });
    assert.deepEqual(chosen.hits.map(({ vector }) => vector), found.hits.map(({ vector }) => vector));
    calls.length = 0;
    assert.deepEqual(ids(await books.search({ text: "  ", vector: "text" })), [1, 2, 3]);
    assert.deepEqual(calls, [], "nothing to embed");
    await rejects(books.search({ vector: "text" }), "invalid", /text/);
    await rejects(books.search({ text: "a", vector: { field: "title", value: "text" } }), "invalid", /title/);
  });
  await withBooks(undefined, (books) => rejects(books.search({ text: "a", vector: "text" }), "invalid", /embedders/));
});

test("texts go in batches, and a model that fails is asked again", async () => {
  const { embedder } = letters();
  const sizes = [];
  let failures = 2;
  const embed = async (texts, options) => {
    if (failures > 0) throw new Error(`not yet ${(failures -= 1)}`);
    sizes.push(texts.length);
    return embedder.embed(texts, options);
  };
  await withBooks({ vector: { ...embedder, embed, batchSize: 2 } }, async (books) => {
    await books.put([1, 2, 3, 4, 5].map((id) => ({ id, title: "a" })));
    assert.deepEqual(sizes, [2, 2, 1]);
  });
  const own = new Error("mine");
  await withBooks({ vector: { ...embedder, embed: () => Promise.reject(own), retries: 0 } }, async (books) => {
    await assert.rejects(books.put({ id: 1, title: "a" }), (error) => error.message.includes("mine"));
    assert.equal(await books.count(), 0, "nothing is stored");
  });
  for (const made of [[], [[1]], undefined, [Float32Array.of(1, 2, 3, NaN)]]) {
    await withBooks({ vector: { ...embedder, embed: async () => made } }, async (books) => {
      await rejects(books.put({ id: 1, title: "a" }), "invalid", /vector/);
      assert.equal(await books.count(), 0);
    });
  }
  for (const wrong of [{ vector: {} }, { vector: { ...embedder, from: [] } }, { vector: { ...embedder, colour: 1 } }, 5]) {
    await rejects(withBooks(wrong, () => undefined), "invalid", /embedder/);
  }
  await rejects(withBooks({ title: embedder }, () => undefined), "invalid", /title/);
});

test("a model that is refused changes nothing", () =>
  withBooks({ vector: letters().embedder }, async (books) => {
    await books.put({ id: 1, title: "a" });
    await rejects(books.reembed({ nosuch: letters("two", 1).embedder }), "invalid", /nosuch/);
    await rejects(books.reembed({ vector: letters("x".repeat(600), 1).embedder }), "invalid", /model/);
    await books.put({ id: 2, title: "b" });
    assert.deepEqual((await books.get(2)).vector, Float32Array.of(0, 1, 0, 0));
    assert.equal("nosuch" in (await books.get(2)), false);
    assert.deepEqual(ids(await books.search("b")), [2, 1]);
  }));

test("what is changed while all is made anew keeps its own vector, and one run ends for all", () =>
  withBooks({ vector: letters().embedder }, async (books) => {
    await books.put([1, 2, 3].map((id) => ({ id, title: "a" })));
    const two = letters("two", 1).embedder;
    const embed = async (texts, options) => {
      if (texts.includes("a")) await new Promise((resolve) => setTimeout(resolve, 30));
      return two.embed(texts, options);
    };
    const run = books.reembed({ vector: { ...two, embed } });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await books.update(2, { title: "bb" });
    await run;
    assert.deepEqual((await books.get(2)).vector, Float32Array.of(2, 0, 0, 0));
    assert.deepEqual((await books.get(1)).vector, Float32Array.of(0, 0, 0, 1));
    const both = [letters("three", 2), letters("four", 3)].map(({ embedder }) => books.reembed({ vector: embedder }));
    const ended = await Promise.allSettled(both);
    assert.ok(ended.some(({ status }) => status === "fulfilled"), "one of them");
    for (const { reason } of ended.filter(({ status }) => status === "rejected")) assert.equal(reason.code, "conflict");
  }));

test("vectors of another model are refused until all are made anew, and a broken off run goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sanderling-embedders-"));
  try {
    const [first, second] = [letters("one"), letters("two", 1)];
    const reopened = async (check) => {
      const db = await open("library", { storage: "fs", path: folder });
      try {
        await check(db);
      } finally {
        await db.close();
      }
    };
    await reopened(async (db) => {
      const books = await db.collection("books", SCHEMA, { embedders: { vector: first.embedder } });
      await books.put(Array.from({ length: 50 }, (_, id) => ({ id, title: "abcd".slice(0, 1 + (id % 4)), year: id })));
      await books.put({ id: 50, year: 1 });
    });
    await reopened(async (db) => {
      await rejects(db.collection("books", SCHEMA, { embedders: { vector: second.embedder } }), "schema", /one.*two/);
      const books = await db.collection("books");
      assert.equal(await books.count(), 51, "without embedders it opens");
      let batches = 0;
      const abort = new AbortController();
      const onProgress = () => (batches += 1) === 2 && abort.abort();
      const run = books.reembed({ vector: second.embedder }, { batchSize: 10, onProgress, signal: abort.signal });
      await rejects(run, "aborted", /aborted/);
    });
    await reopened(async (db) => {
      await rejects(db.collection("books", SCHEMA, { embedders: { vector: first.embedder } }), "schema", /reembed/);
      await rejects(db.collection("books", SCHEMA, { embedders: { vector: second.embedder } }), "schema", /reembed/);
      const done = second.calls.flatMap(({ texts }) => texts).length;
      const books = await db.collection("books");
      await books.reembed({ vector: second.embedder }, { batchSize: 10 });
      const all = second.calls.flatMap(({ texts }) => texts).length;
      assert.ok(done >= 20 && all <= 60, `${done}, then ${all}`);
    });
    await reopened(async (db) => {
      const books = await db.collection("books", SCHEMA, { embedders: { vector: second.embedder } });
      assert.deepEqual((await books.get(3)).vector, Float32Array.of(1, 1, 1, 1));
      assert.deepEqual((await books.get(0)).vector, Float32Array.of(0, 0, 0, 1));
      assert.equal((await books.get(49)).year, 49);
      assert.equal(await books.count(), 51);
      await rejects(db.collection("books", SCHEMA, { embedders: { vector: first.embedder } }), "schema", /two.*one/);
      await books.reembed();
      assert.deepEqual((await books.get(0)).vector, Float32Array.of(1, 0, 0, 0), "those that were refused are taken");
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a query's timeout holds for its embedder too", async () => {
  const { embedder } = letters();
  let stopped = 0;
  const slow = async (texts, { kind, signal }) => {
    if (kind === "document") return embedder.embed(texts, { kind, signal });
    signal?.addEventListener("abort", () => (stopped += 1));
    await new Promise((resolve) => setTimeout(resolve, 200));
    return embedder.embed(texts, { kind, signal });
  };
  await withBooks({ vector: { ...embedder, embed: slow } }, async (books) => {
    await books.put([{ id: 1, title: "a" }, { id: 2, title: "b" }]);
    const query = { text: "a", vector: "text" };
    const begun = performance.now();
    const late = await books.search({ ...query, timeout: 20 });
    assert.ok(performance.now() - begun < 150, "the embedder was waited for");
    assert.deepEqual([late.partial, ids(late), stopped], [true, [], 1]);
    const found = await books.search({ ...query, timeout: 2_000 });
    assert.deepEqual([found.partial, ids(found)], [undefined, [1, 2]]);
    const first = await books.search({ ...query, limit: 1 });
    for (const more of [{ cursor: first.cursor }, { mmr: { lambda: 0.5 } }]) {
      const late = await books.search({ ...query, ...more, limit: 1, timeout: 20 });
      assert.deepEqual([late.partial, ids(late), late.cursor], [true, [], undefined]);
    }
    await rejects(books.search({ ...query, timeout: -1 }), "invalid", /timeout/);
    const { signal } = new AbortController();
    await rejects(books.searchMany(["a", { ...query, signal }]), "invalid", /queries\[1\]\.signal/);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await rejects(books.search({ ...query, timeout: 2_000, signal: controller.signal }), "aborted", /aborted/);
  });
});
