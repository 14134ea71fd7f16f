// Hits in the order of a second opinion, which JSON cannot say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, SanderlingError } from "sanderling";

async function withBooks(check) {
  const db = await open("rerank", { storage: "memory" });
  const books = await db.collection("books", { fields: { t: { type: "text" }, v: { type: "vector", dimensions: 2 } } });
  await books.put([1, 2, 3, 4, 5].map((id) => ({ id, t: "shore", v: [1, id], extra: id })));
  await check(books).finally(() => db.close());
}

const ids = ({ hits }) => hits.map(({ id }) => id);

test("the first hits come in the order of their new scores", () =>
  withBooks(async (books) => {
    const seen = [];
    const rerank = async (query, hits) => {
      seen.push([query.text, hits.map(({ id }) => id)]);
      return Float32Array.from(hits, ({ document }) => document.extra % 3);
    };
    const found = await books.search({ text: "shore", rerank, limit: 4 });
    assert.deepEqual(ids(found), [2, 1, 4, 3], "equal scores stay in their order");
    assert.deepEqual(found.hits.map(({ score }) => score), [2, 1, 1, 0]);
    assert.deepEqual(seen, [["shore", [1, 2, 3, 4]]]);
    assert.equal(found.total, 5);
    assert.deepEqual(ids(await books.search({ text: "shore", rerank, limit: 2, offset: 2 })), [4, 3]);
    const { cursor } = await books.search({ text: "shore", limit: 2 });
    assert.equal((await books.search({ text: "shore", rerank, cursor, limit: 2 })).hits.length, 2);
    await assert.rejects(books.search({ text: "shore", rerank, cursor, offset: 10 }), { code: "invalid" });
    assert.deepEqual(ids(await books.search({ text: "shore", rerank, offset: 600_000, limit: 600_000 })), []);
    await assert.rejects(books.search({ text: "shore", rerank, limit: 1_000_001 }), { code: "invalid" });
    const [many] = await books.searchMany([{ text: "shore", rerank, limit: 1 }]);
    assert.deepEqual(ids(many), [1]);
    assert.deepEqual(ids(await books.search({ text: "nothing", rerank })), []);
  }));

test("scores that are none are refused, and an error of the caller's stays his own", () =>
  withBooks(async (books) => {
    for (const rerank of [() => [1], () => [1, 2, 3, 4, NaN], () => undefined, () => ["a", 1, 1, 1, 1]]) {
      await assert.rejects(books.search({ text: "shore", rerank }), (error) => {
        assert.ok(error instanceof SanderlingError);
        assert.equal(error.code, "invalid");
        assert.match(error.message, /rerank/);
        return true;
      });
    }
    const own = new Error("mine");
    await assert.rejects(books.search({ text: "shore", rerank: () => Promise.reject(own) }), (error) => error === own);
    assert.deepEqual(ids(await books.search({ text: "shore", limit: 1 })), [1]);
  }));

test("the explanation has the score of the search and the new one", () =>
  withBooks(async (books) => {
    const rerank = (_, hits) => hits.map(({ id }) => id);
    const before = await books.search({ text: "shore", explain: true });
    const after = await books.search({ text: "shore", explain: true, rerank });
    assert.deepEqual(ids(after), [5, 4, 3, 2, 1]);
    for (const { id, score, explanation } of after.hits) {
      assert.deepEqual([score, explanation.rerank], [id, id]);
      assert.deepEqual({ ...before.hits.find((hit) => hit.id === id).explanation, rerank: id }, explanation);
    }
    assert.equal((await books.search({ text: "shore", rerank })).hits[0].explanation, undefined);
  }));
