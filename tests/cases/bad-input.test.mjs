// Input that JSON cannot say, or that only TypeScript's side sees, against the package: a typed error, nothing
// stored, and the handle works on. What JSON can say is in bad-input.json.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { open, SanderlingError } from "sanderling";

const SCHEMA = {
  fields: {
    title: { type: "text" },
    author: { type: "keyword" },
    added: { type: "date" },
    vector: { type: "vector", dimensions: 3 },
  },
};

const LONE = "a lone \ud800 surrogate";
const cyclic = { id: "x", inner: {} };
cyclic.inner.outer = cyclic;
const sparse = [1, 2, 3];
delete sparse[1];
const deep = (levels) => (levels === 0 ? 1 : [deep(levels - 1)]);

let db;
let books;

before(async () => {
  db = await open("bad-input", { storage: "memory" });
  books = await db.collection("books", SCHEMA);
  await books.put([{ id: "a", title: "shore", vector: [1, 0, 0] }, { id: 1, title: "sea" }]);
});
after(() => db.close());

async function everything() {
  const found = [];
  for await (const document of books.list()) found.push(document);
  return found;
}

/** The call rejects with this code, changes nothing, and the collection answers as before. */
async function refused(code, call, ...words) {
  const stored = await everything();
  let returned;
  // An error that is thrown and not rejected would slip past a caller's catch().
  assert.doesNotThrow(() => (returned = call()));
  const error = await returned.then((answer) => assert.fail(`no error, but ${String(answer)}`), (thrown) => thrown);
  assert.ok(error instanceof SanderlingError, `${error?.stack}`);
  assert.equal(error.code, code, error.message);
  assert.equal(typeof error.details, "object");
  for (const word of words) assert.ok(error.message.includes(word), `no ${word} in the message: ${error.message}`);
  assert.deepEqual(await everything(), stored, "something was stored");
  assert.equal((await books.search("shore")).hits[0].id, "a", "the handle works on");
}

const numbers = (...values) => new Float32Array(values);

const DOCUMENTS = {
  "a Float32Array of the wrong dimension": [{ vector: numbers(1, 2) }, "vector", "3", "2"],
  "an array of the wrong dimension": [{ vector: [1, 2, 3, 4] }, "vector", "3", "4"],
  "an empty Float32Array": [{ vector: numbers() }, "vector"],
  "NaN in a Float32Array": [{ vector: numbers(1, NaN, 3) }, "vector[1]", "NaN"],
  "NaN in an array": [{ vector: [1, NaN, 3] }, "vector[1]"],
  "infinity in a Float32Array": [{ vector: numbers(1, 2, -Infinity) }, "vector[2]"],
  "infinity in an array": [{ vector: [Infinity, 2, 3] }, "vector[0]"],
  "a number beyond f32 in an array": [{ vector: [1, 1e39, 3] }, "vector[1]"],
  "a hole in an array": [{ vector: sparse }, "vector"],
  "a Float64Array as a vector": [{ vector: new Float64Array(3) }, "vector"],
  "a string in a vector": [{ vector: [1, "2", 3] }, "vector"],
  "a BigInt": [{ pages: 3n }, "pages", "bigint"],
  "a deep BigInt": [{ a: [{ b: 3n }] }, "a[0].b"],
  "a function": [{ f: () => 1 }, "f", "function"],
  "a symbol": [{ s: Symbol("s") }, "s"],
  "NaN in a field of no schema": [{ n: NaN }, "n", "NaN"],
  "a Map": [{ m: new Map() }, "m", "Map"],
  "an invalid Date": [{ added: new Date(NaN) }, "added"],
  "a lone surrogate in a text": [{ title: LONE }, "title", "surrogate"],
  "a lone surrogate in a name": [{ [LONE]: 1 }, "surrogate"],
  "a nesting that no reader takes": [{ deep: deep(200) }, "nested"],
  "an object with toJSON": [{ o: { toJSON: () => 1 } }, "toJSON"],
};

describe("documents that are refused", () => {
  for (const [name, [fields, ...words]] of Object.entries(DOCUMENTS)) {
    test(`${name}, alone`, () => refused("invalid", () => books.put({ id: "x", ...fields }), ...words));
    test(`${name}, in a batch`, () => refused("invalid", () => books.put([{ id: "y" }, { id: "x", ...fields }]), ...words));
    test(`${name}, in an update`, () => refused("invalid", () => books.update("a", fields), ...words));
  }
  test("a cyclic document", () => refused("invalid", () => books.put(cyclic), "cycle"));
  for (const value of [undefined, null, 3, "text", [[]], new Float32Array(3)]) {
    test(`${Object.prototype.toString.call(value)} as a document`, () => refused("invalid", () => books.put(value)));
  }
});

describe("ids that are refused", () => {
  const ids = ["", "a".repeat(513), "é".repeat(257), LONE, -1, 1.5, 2 ** 53, NaN, Infinity, 3n, true, null, {}, [], Symbol("s")];
  for (const id of ids) {
    const name = typeof id === "string" ? `${JSON.stringify(id.slice(0, 20))} of ${id.length} units` : `${typeof id} ${String(id)}`;
    test(`put: ${name}`, () => refused("invalid", () => books.put([{ id: "y" }, { id }]), "id"));
    test(`get and has: ${name}`, async () => {
      await refused("invalid", () => books.get(id));
      await refused("invalid", () => books.has(id));
    });
    test(`update: ${name}`, () => refused("invalid", () => books.update(id, { title: "x" })));
    // An array is a list of ids, an object a filter: these are wrong in another way, or empty.
    if (!Array.isArray(id)) test(`delete: ${name}`, () => refused("invalid", () => books.delete(id)));
    test(`delete in a list: ${name}`, () => refused("invalid", () => books.delete(["a", id])));
  }
  test("get of undefined", () => refused("invalid", () => books.get(undefined)));
  test("delete of undefined", () => refused("invalid", () => books.delete(undefined)));
  test("delete with an undefined condition", () =>
    refused("filter", () => books.delete({ filter: { year: undefined } }), "year"));
  test("search with an undefined condition", () =>
    refused("filter", () => books.search({ filter: { year: undefined } }), "year"));
  test("delete with an undefined filter", () => refused("invalid", () => books.delete({ filter: undefined })));
});

describe("filters that are refused", () => {
  const filters = {
    "an unknown field": [{ nowhere: 1 }, "nowhere"],
    "a lone surrogate": [{ author: LONE }, "surrogate"],
    "a BigInt": [{ author: 3n }, "bigint"],
    "NaN": [{ added: { $gt: NaN } }, "NaN"],
    "an invalid Date": [{ added: { $gt: new Date(NaN) } }],
    "an array": [[]],
    "a number": [3],
  };
  for (const [name, [filter, ...words]] of Object.entries(filters)) {
    test(`count: ${name}`, () => refused("filter", () => books.count(filter), ...words));
    test(`delete: ${name}`, () => refused("filter", () => books.delete({ filter }), ...words));
    test(`search: ${name}`, () => refused("filter", () => books.search({ filter }), ...words));
    test(`list: ${name}`, () => refused("filter", () => books.list({ filter }).next(), ...words));
  }
});

describe("queries that are refused", () => {
  const queries = {
    "a wrong dimension": [{ vector: numbers(1, 2) }, "3", "2"],
    "NaN in a Float32Array": [{ vector: numbers(1, NaN, 2) }],
    "NaN in an array": [{ vector: [1, NaN, 2] }],
    "a Float64Array": [{ vector: new Float64Array(3) }],
    "an unknown option": [{ txt: "x" }, "txt"],
    "NaN as limit": [{ limit: NaN }, "limit"],
    "a BigInt as limit": [{ limit: 3n }, "limit"],
    "a cycle": [{ text: cyclic }],
    "a number": [3],
    "nothing": [undefined],
    "null": [null],
  };
  for (const [name, [query, ...words]] of Object.entries(queries)) {
    test(name, () => refused("invalid", () => books.search(query), ...words));
    test(`${name}, among several`, () => refused("invalid", () => books.searchMany(["shore", query]), ...words));
  }
});

test("what a user types is never an error", async () => {
  for (const text of [LONE, "\u0000", "\"", "-", "- -", "AND OR NOT ( [ {", "a".repeat(100_000), "x ".repeat(50_000)]) {
    await books.search(text);
    await books.search({ text: { query: text, prefix: true } });
  }
});

test("options that are undefined count as absent", async () => {
  const before = await books.count();
  const nothing = { signal: undefined, wait: undefined, ifVersion: undefined, expiresAt: undefined };
  await books.put({ id: "undefined", title: undefined }, nothing);
  assert.deepEqual(await books.get("undefined"), { id: "undefined" });
  await books.search({ text: "shore", vector: undefined, filter: undefined, fusion: undefined, limit: undefined });
  await books.delete("undefined");
  assert.equal(await books.count(undefined), before);
});

test("a collection's name is well-formed text, so that no two are one", async () => {
  for (const name of [LONE, "\ud801", "", "n".repeat(513), 7, null]) {
    await refused("invalid", () => db.collection(name, SCHEMA));
  }
  for (const name of [LONE, 7, null]) await refused("invalid", () => db.drop(name));
  assert.deepEqual(await db.collections(), ["books"]);
});

test("a schema that differs is refused and the open one stays", async () => {
  const { title, ...others } = SCHEMA.fields;
  for (const fields of [others, { ...SCHEMA.fields, title: { type: "keyword" } }, {}]) {
    await refused("schema", () => db.collection("books", { fields }), "title");
  }
  for (const schema of [3, null, { fields: { x: { type: "text", weight: NaN } } }, { fields: { x: { type: 3n } } }]) {
    await refused("schema", () => db.collection("other", schema));
  }
  assert.deepEqual(await db.collections(), ["books"]);
});
