// compact() as it is watched, aborted and broken off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { open } from "sanderling";

const SCHEMA = { fields: { title: { type: "text" }, n: { type: "number" } } };
const DOCUMENTS = 3_000;

// Packs badly, so that it takes a while.
function filler(seed) {
  let text = "";
  for (let at = 0, x = seed + 1; at < 1_000; at += 1) {
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) + 0x297a2d39;
    text += (x >>> 0).toString(36);
  }
  return text;
}

/** Segments that take some hundred milliseconds to merge, with a tenth of their documents dead. */
async function filled() {
  const db = await open("compacted");
  const books = await db.collection("books", SCHEMA, { sealAt: 500 });
  for (let first = 0; first < DOCUMENTS; first += 250) {
    const ids = Array.from({ length: 250 }, (_, at) => first + at);
    await books.put(ids.map((id) => ({ id, title: `bird ${id}`, n: id % 7, filler: filler(id) })));
  }
  await books.delete(Array.from({ length: DOCUMENTS / 10 }, (_, at) => at * 10));
  return { db, books };
}

/** The segments that hold something, once nothing is under way any more. */
async function segments(books) {
  await books.flush();
  const { segments } = await books.stats();
  return segments.filter(({ documents, deleted }) => documents + deleted > 0).length;
}

async function isWhole(books) {
  assert.equal(await books.count(), DOCUMENTS - DOCUMENTS / 10);
  assert.equal((await books.search({ text: "bird", limit: 1 })).total, DOCUMENTS - DOCUMENTS / 10);
  assert.equal((await books.get(11)).title, "bird 11");
  assert.equal(await books.get(10), undefined);
}

test("progress grows to its end, is not told afterwards, and the database may be asked meanwhile", async () => {
  const { db, books } = await filled();
  const told = [];
  const asked = [];
  await books.compact({
    onProgress: (progress) => {
      told.push(progress);
      asked.push(books.count(), books.stats());
    },
  });
  const calls = told.length;
  assert.ok(calls > 4, `${calls} calls`);
  const [{ total }] = told;
  assert.ok(Number.isSafeInteger(total) && total > 0);
  told.forEach(({ done, total: of, ...more }, at) => {
    assert.ok(done > (told[at - 1]?.done ?? -1) && done <= total, JSON.stringify(told));
    assert.deepEqual([of, more], [total, {}]);
  });
  assert.deepEqual(told.at(-1), { done: total, total });
  await Promise.all(asked);
  assert.equal(await segments(books), 1);
  await isWhole(books);
  await after(20);
  assert.equal(told.length, calls);
  // Without anything to do it is told once more all the same, also of a collection that never had a document.
  const empty = await db.collection("empty", SCHEMA);
  for (const each of [books, empty]) {
    const again = [];
    await each.compact({ onProgress: (progress) => again.push(progress) });
    const { done, total: of } = again.at(-1);
    assert.ok(of > 0 && done === of, JSON.stringify(again));
  }
  await db.close();
});

test("an aborted compaction ends at its next step and leaves the segments as they are", async () => {
  const { db, books } = await filled();
  const before = await segments(books);
  assert.ok(before > 2);
  for (const at of [1, 3]) {
    const abort = new AbortController();
    const told = [];
    const onProgress = (progress) => told.push(progress) === at && abort.abort(new Error("enough"));
    await assert.rejects(books.compact({ onProgress, signal: abort.signal }), { code: "aborted", message: /enough/ });
    assert.ok((await segments(books)) > 1);
    assert.equal(told.length, at);
    await isWhole(books);
  }
  // One that has only a signal, and one whose time is over.
  const signal = AbortSignal.timeout(5);
  await assert.rejects(books.compact({ signal }), { code: "aborted" });
  await assert.rejects(books.compact({ timeout: 5 }), { code: "timeout" });
  assert.ok((await segments(books)) > 1);
  await books.put({ id: 11, title: "bird 11" });
  await books.compact();
  assert.equal(await segments(books), 1);
  await isWhole(books);
  await db.close();
});

test("what onProgress throws rejects the call, whenever it does", async () => {
  const { db, books } = await filled();
  const error = new RangeError("mine");
  let calls = 0;
  const throwing = (progress) => {
    calls += 1;
    if (progress.done > 0) throw error;
  };
  await assert.rejects(books.compact({ onProgress: throwing }), (thrown) => thrown === error);
  assert.equal(calls, 2);
  assert.ok((await segments(books)) > 1);
  await isWhole(books);
  const atTheEnd = ({ done, total }) => {
    if (done === total) throw error;
  };
  await assert.rejects(books.compact({ onProgress: atTheEnd }), (thrown) => thrown === error);
  assert.equal(await segments(books), 1);
  await isWhole(books);
  await db.close();
});

test("of several compactions at once each tells of itself", async () => {
  const { db, books } = await filled();
  const told = [[], []];
  await Promise.all(told.map((calls) => books.compact({ onProgress: ({ done, total }) => calls.push(done / total) })));
  for (const calls of told) {
    assert.ok(calls.every((part, at) => at === 0 || part > calls[at - 1]), JSON.stringify(calls));
    assert.equal(calls.at(-1), 1);
  }
  await isWhole(books);
  await db.close();
});
