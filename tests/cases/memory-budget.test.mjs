// A collection several times larger than the memory budget answers like one that is in memory whole.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { open, SanderlingError } from "sanderling";
import { bitsOf } from "./bits.mjs";

const path = mkdtempSync(join(tmpdir(), "sanderling-budget-"));
after(() => rmSync(path, { recursive: true, force: true }));

const BUDGET = 2 ** 19;
const DOCUMENTS = 2_000;
const DIMENSIONS = 96;
const VECTORS = {
  rows: { index: "flat", quantization: "none" },
  bytes: { index: "flat", quantization: "int8" },
  graph: { index: "hnsw", quantization: "int8" },
  lists: { index: "ivf", quantization: "rabitq" },
};
const vectorField = (how) => ({ type: "vector", dimensions: DIMENSIONS, ...how });
const SCHEMA = {
  fields: {
    title: { type: "text", language: "english" },
    year: { type: "number" },
    ...Object.fromEntries(Object.entries(VECTORS).map(([name, how]) => [name, vectorField(how)])),
  },
};

function numbers(state) {
  const below = (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % end;
  };
  const words = (count) => Array.from({ length: count }, () => `word${Math.floor((below(300) * below(300)) / 200)}`).join(" ");
  const vector = () => {
    const cluster = below(40);
    return Float32Array.from({ length: DIMENSIONS }, (_, at) => ((cluster * 31 + at * 7) % 17) + below(1_000) / 300);
  };
  return { words, vector };
}

/** Opens a database for as long as the callback runs. */
async function during(name, options, use) {
  const db = await open(name, options);
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

async function fill(db) {
  const { words, vector } = numbers(3);
  const vectors = () => Object.fromEntries(Object.keys(VECTORS).map((name) => [name, vector()]));
  const document = (id) => ({ id, title: words(20), year: 1900 + (id % 120), filler: "~".repeat(400), ...vectors() });
  const books = await db.collection("books", SCHEMA, { sealAt: DOCUMENTS / 2 });
  for (let id = 0; id < DOCUMENTS; id += 200) await books.put(Array.from({ length: 200 }, (_, at) => document(id + at)));
  await books.delete([3, 1_999]);
  await books.flush();
  const { segments } = await books.stats();
  // Only what is sealed can be read bit by bit.
  if (segments.some(({ state, documents }) => state === "growing" && documents > 0)) await books.compact();
}

before(() => during("library", { path, durability: "relaxed" }, fill));

/** What a collection says to many questions, down to the bits of scores. */
async function answers(books) {
  const { words, vector } = numbers(77);
  const found = [];
  const ask = async (query) => {
    const { hits, total } = await books.search(query);
    found.push([JSON.stringify(query), total, hits.map(({ id, version, score, document }) => [id, version, bitsOf(score), document])]);
  };
  for (let round = 0; round < 3; round += 1) {
    for (const field of Object.keys(VECTORS)) {
      const limit = 1 + round * 20;
      await ask({ vector: { field, value: vector() }, limit });
      await ask({ vector: { field, value: vector(), exact: true }, limit });
      await ask({ vector: { field, value: vector() }, filter: { year: { $lt: 1930 } }, limit });
      await ask({ text: words(2), vector: { field, value: vector() }, limit });
    }
    await ask({ text: words(3), limit: 20 });
    await ask({ text: `"${words(2)}"`, limit: 20 });
    await ask({ text: words(2), highlight: { fields: ["title"] } });
    await ask({ filter: { year: 1950 + round }, limit: 30 });
  }
  for (let id = 0; id < DOCUMENTS; id += 97) found.push(await books.get(id));
  for await (const document of books.list()) found.push(document);
  return found;
}

/** The files of the folder in a Map; `sync` adds what reads them at once, unless it is told to fail. */
function inMap({ sync }) {
  const folder = join(path, "library");
  const objects = new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  const backend = {
    reads: 0,
    failure: undefined,
    list: () => [...objects].map(([name, { length }]) => ({ name, size: length })),
    read: (name, offset, length) => objects.get(name).slice(offset, offset + length),
    append: (name, bytes) => void objects.set(name, Uint8Array.from([...(objects.get(name) ?? []), ...bytes])),
    write: (name, bytes) => void objects.set(name, bytes.slice()),
    remove: (name) => void objects.delete(name),
  };
  const readSync = (name, offset, into) => {
    backend.reads += 1;
    if (backend.failure) return backend.failure();
    into.set(objects.get(name).subarray(offset, offset + into.length));
  };
  return sync ? Object.assign(backend, { readSync }) : backend;
}

test("what is larger than the budget is searched like what is in memory", async () => {
  const expected = await during("whole", { storage: inMap({ sync: false }) }, async (db) => {
    const books = await db.collection("books");
    const { memory, disk } = await books.stats();
    assert.ok(memory >= disk * 0.9, `${memory} of ${disk}: the reference is in memory whole`);
    assert.ok(disk > 8 * BUDGET, `${disk} is several times the budget`);
    return answers(books);
  });
  const mapped = inMap({ sync: true });
  const places = [
    { path, memoryBudget: BUDGET },
    { path, memoryBudget: 1 },
    { path },
    { storage: mapped, memoryBudget: BUDGET },
  ];
  const compare = (place) => async (db) => {
    const books = await db.collection("books");
    const found = await answers(books);
    assert.equal(found.length, expected.length);
    for (const [at, answer] of found.entries()) assert.deepEqual(answer, expected[at]);
    const { memory, disk } = await books.stats();
    if (place.memoryBudget) assert.ok(memory < disk / 3, `${memory} of ${disk} with ${place.memoryBudget}`);
  };
  for (const place of places) await during("library", place, compare(place));
  assert.ok(mapped.reads > 100, `${mapped.reads} reads`);
});

const throwing = () => {
  throw new Error("the medium is away");
};
const answeringLater = () => Promise.resolve();

for (const failure of [throwing, answeringLater]) {
  test(`a read that fails, ${failure.name}, is error unavailable, and the next call works again`, async () => {
    const storage = inMap({ sync: true });
    await during("failing", { storage, memoryBudget: 1 }, async (db) => {
      const books = await db.collection("books");
      const calls = {
        get: () => books.get(7),
        search: async () => {
          const { hits } = await books.search({ vector: { field: "rows", value: numbers(5).vector(), exact: true } });
          return hits;
        },
        list: async () => (await books.list().next()).value,
      };
      for (const [name, call] of Object.entries(calls)) {
        const before = await call();
        storage.failure = failure;
        await assert.rejects(call(), (error) => {
          assert.ok(error instanceof SanderlingError, String(error));
          assert.equal(error.code, "unavailable", `${name}: ${error.message}`);
          assert.match(error.details.file, /^segment-/);
          return true;
        });
        storage.failure = undefined;
        assert.deepEqual(await call(), before, `${name} after that`);
      }
      // An update is made of what is stored: of what could not be read nothing may be made.
      const before = await books.get(11);
      storage.failure = failure;
      await assert.rejects(books.update(11, { year: 5 }), { code: "unavailable" });
      storage.failure = undefined;
      assert.deepEqual(await books.get(11), before);
      await books.update(11, { year: 5 });
      assert.deepEqual(await books.get(11), { ...before, year: 5 });
    });
  });
}
