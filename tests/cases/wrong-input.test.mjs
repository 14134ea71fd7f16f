// Calls that are wrong, hundreds of them from one seed, against the package: every option of every call with every
// type of value that it does not take, documents, ids, vectors, filters. Each must be refused with a typed error that
// names what was expected and what was found; nothing is stored and the handle works on.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { open, SanderlingError } from "sanderling";
import { LONE, random, upTo, pick, word, VALUES, wrong, wrongOption, TEXT, at, merged, shown } from "./wrong-values.mjs";

/** Fewer would mean that a list below has lost its entries. */
const CALLS_MIN = 2000;

const SCHEMA = {
  fields: {
    t: { type: "text" },
    k: { type: "keyword" },
    tags: { type: "keyword", many: true },
    n: { type: "number" },
    nums: { type: "number", many: true },
    d: { type: "date" },
    b: { type: "boolean" },
    g: { type: "geo" },
    v: { type: "vector", dimensions: 3 },
    w: { type: "vector", dimensions: 2 },
  },
};
const KEPT = { id: "kept", t: "shore birds", k: "a", tags: ["x"], n: 1, d: 5, b: true, g: { lat: 1, lon: 2 } };
let db;
let books;
let made = 0;

before(async () => {
  db = await open("wrong-input", { storage: "memory" });
  books = await db.collection("books", SCHEMA);
  await books.put([KEPT, { id: 7, t: "sea", v: [1, 0, 0] }]);
});
after(() => db.close());

/** What is stored, as it was, so that one call that should have been refused is not taken for many. */
async function restored() {
  for await (const { id } of books.list()) if (id !== "kept" && id !== 7) await books.delete(id);
  await books.put([KEPT, { id: 7, t: "sea", v: [1, 0, 0] }]);
}

/** What is wrong with the answer to one wrong call, if anything. */
async function problemOf({ call, codes, words = [] }) {
  let returned;
  try {
    returned = call();
  } catch (error) {
    return `thrown and not rejected: ${error}`;
  }
  const outcome = await returned.then((answer) => ({ answer }), (error) => ({ error }));
  if (!("error" in outcome)) return `no error, but ${shown(outcome.answer)}`;
  const { error } = outcome;
  if (!(error instanceof SanderlingError)) return `not a SanderlingError: ${error?.stack ?? String(error)}`;
  if (!codes.includes(error.code)) return `code ${error.code} instead of ${codes.join(" or ")}: ${error.message}`;
  if (typeof error.details !== "object" || error.details === null) return `no details: ${error.message}`;
  const missing = ["expected ", "found ", ...words].filter((part) => !error.message.includes(part));
  if (missing.length > 0) return `no ${missing.join(", no ")} in the message: ${error.message}`;
  if ((await books.count()) !== 2) return "something was stored or deleted";
  try {
    assert.deepEqual(await books.get("kept"), KEPT);
  } catch {
    return "a document was changed";
  }
  const { total, hits } = await books.search("shore");
  return total === 1 && hits[0].id === "kept" ? undefined : "the handle does not work on";
}

/** Makes all the calls and tells every problem at once. */
async function refused(calls) {
  const problems = [];
  for (const wrongCall of calls) {
    made += 1;
    const problem = await problemOf(wrongCall);
    if (problem === undefined) continue;
    problems.push(`${wrongCall.what}: ${problem}`);
    await restored();
  }
  assert.equal(problems.length, 0, `${problems.length} of ${calls.length} calls:\n${problems.join("\n")}`);
}

// What is right for each option of a search, and what must stand beside it. A string that is right is one of a few.
const V = { vector: { field: "v", value: [1, 0, 0] } };
const BOTH = { text: "sea", ...V };
const SEARCH = {
  text: [TEXT],
  "text.query": [TEXT],
  "text.fields": [[], { text: { query: "sea" } }],
  "text.operator": [[], { text: { query: "sea" } }],
  "text.fuzzy": [["boolean"], { text: { query: "sea" } }],
  "text.prefix": [["boolean"], { text: { query: "sea" } }],
  "text.slop": [["number"], { text: { query: "sea" } }],
  "text.minimumMatch": [["number"], { text: { query: "sea" } }],
  "text.boost": [[], { text: { query: "sea" } }],
  "text.boost.t": [["number", "fraction"], { text: { query: "sea" } }],
  vector: [[]],
  "vector.value": [[], V],
  "vector.field": [[], V],
  "vector.ef": [["number"], V],
  "vector.exact": [["boolean"], V],
  "vector.oversample": [["number"], V],
  "vector.recall": [["fraction"], V],
  fusion: [[], BOTH],
  "fusion.method": [[], BOTH],
  "fusion.k": [["number", "fraction"], { ...BOTH, fusion: { method: "rrf" } }],
  "fusion.weights": [[], { ...BOTH, fusion: { method: "rrf" } }],
  "fusion.weights.text": [["number", "fraction"], { ...BOTH, fusion: { method: "weighted" } }],
  "fusion.weights.vector": [["number", "fraction"], { ...BOTH, fusion: { method: "rrf" } }],
  "fusion.normalize": [[], { ...BOTH, fusion: { method: "weighted" } }],
  limit: [["number"]],
  offset: [["number"]],
  sort: [[]],
  "sort.0": [[]],
  "sort.field": [[]],
  "sort.order": [[], { sort: { field: "n" } }],
  facets: [[]],
  "facets.k": [[]],
  "facets.k.limit": [["number"]],
  "facets.n.ranges": [[]],
  "facets.n.ranges.0": [[]],
  "facets.n.bounds": [["boolean"]],
  groupBy: [[]],
  "groupBy.field": [[]],
  "groupBy.limit": [["number"], { groupBy: { field: "k" } }],
  highlight: [[], { text: "sea" }],
  "highlight.fields": [[], { text: "sea" }],
  "highlight.open": [TEXT, { text: "sea" }],
  "highlight.close": [TEXT, { text: "sea" }],
  "highlight.maxLength": [["number"], { text: "sea" }],
  select: [["array"]],
  "select.0": [TEXT],
  mmr: [[], V],
  "mmr.lambda": [["fraction"], V],
  "mmr.field": [[], V],
  minScore: [["number", "negative", "fraction"]],
  explain: [["boolean"]],
  signal: [[]],
  timeout: [["number", "fraction"]],
  rerank: [["function"]],
};

function searches() {
  const calls = [];
  for (const [path, [right, beside = {}]] of Object.entries(SEARCH)) {
    for (const [type, value] of wrongOption(...right)) {
      const query = merged(beside, at(path, value));
      calls.push({ what: `search with ${type} as ${path}`, codes: ["invalid"], call: () => books.search(query) });
    }
  }
  return calls;
}

describe("wrong options", () => {
  test("of search", () => refused(searches()));

  test("of search, whose names nobody knows", () => {
    const places = ["", "text.", "vector.", "fusion.", "sort.", "facets.k.", "groupBy.", "highlight.", "mmr."];
    const beside = { text: { query: "sea" }, ...V, sort: { field: "n" }, groupBy: { field: "k" } };
    return refused(
      places.map((place) => {
        const name = word();
        const query = merged(beside, at(`${place}${name}`, pick([true, 3, "x", null])));
        return { what: `search with ${place}${name}`, codes: ["invalid"], words: [name], call: () => books.search(query) };
      }),
    );
  });

  test("of one search among several", () => {
    // Objects of other kinds have no members, like an empty query.
    const wrongOnes = [...wrong("string", "date", "map"), ["a wrong limit", { limit: -upTo(9) - 1 }]];
    const several = wrongOnes.map(([type, query]) => ({
      what: `searchMany with ${type} as a query`,
      codes: ["invalid"],
      call: () => books.searchMany(["shore", query, { text: "sea" }]),
    }));
    const none = wrong("array").map(([type, queries]) => ({
      what: `searchMany of ${type}`,
      codes: ["invalid"],
      call: () => books.searchMany(queries),
    }));
    return refused([...several, ...none]);
  });

  test("of writes", () => {
    const calls = [];
    const document = { id: "new", t: "sea" };
    const moments = ["number", "negative", "fraction", "date"];
    const options = { signal: [], wait: ["boolean"], ifVersion: ["number"], expiresAt: moments };
    for (const [name, right] of Object.entries(options)) {
      for (const [type, value] of wrongOption(...right)) {
        calls.push({ what: `put with ${type} as ${name}`, call: () => books.put(document, { [name]: value }) });
        if (!["signal", "wait"].includes(name)) continue;
        calls.push({ what: `update with ${type} as ${name}`, call: () => books.update("kept", { n: 9 }, { [name]: value }) });
        calls.push({ what: `delete with ${type} as ${name}`, call: () => books.delete("kept", { [name]: value }) });
      }
    }
    for (const [type, value] of wrong("object", "date", "map", "bytes")) {
      calls.push({ what: `put with ${type} as options`, call: () => books.put(document, value) });
      calls.push({ what: `update with ${type} as options`, call: () => books.update("kept", { n: 9 }, value) });
      calls.push({ what: `delete with ${type} as options`, call: () => books.delete("kept", value) });
    }
    for (let count = 0; count < 5; count += 1) {
      const name = word();
      calls.push({ what: `put with ${name}`, words: [name], call: () => books.put(document, { [name]: 1 }) });
      calls.push({ what: `update with ${name}`, words: [name], call: () => books.update("kept", { n: 9 }, { [name]: 1 }) });
      calls.push({ what: `delete with ${name}`, words: [name], call: () => books.delete("kept", { [name]: 1 }) });
      calls.push({ what: `delete of { ${name} }`, words: [name], call: () => books.delete({ [name]: 1 }) });
    }
    return refused(calls.map((call) => ({ codes: ["invalid"], ...call })));
  });

  test("of list, suggest and import", () => {
    const calls = [];
    const list = { prefix: ["string"], after: ["string", "number"], limit: ["number"], signal: [] };
    const suggest = { limit: ["number"], fields: [], signal: [] };
    const imports = { batchSize: ["number"], skip: ["number"], signal: [] };
    const add = (what, rules, call) => {
      for (const [name, right] of Object.entries({ ...rules, [word()]: [] })) {
        for (const [type, value] of wrongOption(...right)) {
          calls.push({ what: `${what} with ${type} as ${name}`, codes: ["invalid"], call: () => call({ [name]: value }) });
        }
      }
    };
    add("list", list, (options) => books.list(options).next());
    add("suggest", suggest, (options) => books.suggest("sho", options));
    add("import", imports, async (options) => {
      for await (const _ of books.import([{ id: "new" }], options));
    });
    for (const [type, text] of wrong("string")) {
      calls.push({ what: `suggest of ${type}`, codes: ["invalid"], call: () => books.suggest(text) });
    }
    return refused(calls);
  });

  test("of collections", () => {
    const calls = [];
    const add = (what, codes, call) => calls.push({ what, codes, call });
    const options = { quota: [], sealAt: ["number"], bm25: [], embedders: ["date", "map"], signal: [], [word()]: [] };
    for (const [name, right] of Object.entries(options)) {
      for (const [type, value] of wrongOption(...right)) {
        add(`collection with ${type} as ${name}`, ["invalid"], () => db.collection("other", SCHEMA, { [name]: value }));
      }
    }
    for (const [path, right] of Object.entries({
      "quota.documents": ["number"],
      "quota.bytes": ["number"],
      "bm25.k1": ["number", "fraction"],
      "bm25.b": ["fraction"],
    })) {
      for (const [type, value] of wrongOption(...right)) {
        add(`collection with ${type} as ${path}`, ["invalid"], () => db.collection("other", SCHEMA, at(path, value)));
      }
    }
    for (const [type, name] of wrong("string")) {
      add(`collection of the name ${type}`, ["invalid"], () => db.collection(name, SCHEMA));
      add(`drop of ${type}`, ["invalid"], () => db.drop(name));
    }
    for (const [type, schema] of wrong()) add(`${type} as a schema`, ["schema"], () => db.collection("other", schema));
    const rules = {
      fields: [],
      "fields.x": [],
      "fields.x.type": [],
      "fields.x.many": ["boolean"],
      "fields.x.weight": ["number", "fraction"],
      "fields.x.language": [],
      "fields.x.stopWords": ["boolean", "array"],
      "fields.x.positions": ["boolean"],
      [`fields.x.${word()}`]: [],
    };
    for (const [path, right] of Object.entries(rules)) {
      for (const [type, value] of wrongOption(...right)) {
        const beside = path.startsWith("fields.x.") ? { fields: { x: { type: "text" } } } : {};
        add(`${type} as ${path} of a schema`, ["schema"], () => db.collection("other", merged(beside, at(path, value))));
      }
    }
    const vector = { fields: { x: { type: "vector", dimensions: 3 } } };
    const ofVectors = { dimensions: ["number"], metric: [], index: [], quantization: [], recall: ["fraction"] };
    for (const [name, right] of Object.entries(ofVectors)) {
      for (const [type, value] of wrongOption(...right)) {
        const schema = merged(vector, at(`fields.x.${name}`, value));
        add(`${type} as ${name} of a vector field`, ["schema"], () => db.collection("other", schema));
      }
    }
    return refused(calls);
  });

  test("of open", () => {
    const calls = [];
    const options = { durability: [], memoryBudget: ["number"], storage: [], signal: [], [word()]: [] };
    for (const [name, right] of Object.entries(options)) {
      for (const [type, value] of wrongOption(...right)) {
        const call = () => open("wrong-input-other", { storage: "memory", [name]: value });
        calls.push({ what: `open with ${type} as ${name}`, codes: ["invalid"], call });
      }
    }
    for (const [type, name] of wrong("string")) {
      calls.push({ what: `open of ${type}`, codes: ["invalid"], call: () => open(name, { storage: "memory" }) });
    }
    return refused(calls);
  });

  test("no collection came of them", async () => assert.deepEqual(await db.collections(), ["books"]));
});

/** What each field takes. A number in a date is a moment, null is no value anywhere, one value stands for many. */
const FIELDS = {
  t: ["null", ...TEXT],
  k: ["null", ...TEXT],
  tags: ["null", "array", ...TEXT],
  n: ["null", "number", "negative", "fraction"],
  nums: ["null", "number", "negative", "fraction"],
  d: ["null", "number", "negative", "fraction", "date"],
  b: ["null", "boolean"],
  g: ["null"],
  v: ["null"],
  w: ["null"],
  "g.lat": ["number", "negative", "fraction"],
  "tags.0": TEXT,
  "nums.0": ["number", "negative", "fraction"],
  extra: ["null", "boolean", "string", "number", "negative", "fraction", "array", "object", "date"],
  "extra.deep.0": ["null", "boolean", "string", "number", "negative", "fraction", "array", "object", "date"],
};

describe("wrong documents", () => {
  test("with values that their fields do not take", () => {
    const calls = [];
    for (const [path, right] of Object.entries(FIELDS)) {
      for (const [type, value] of wrong(...right)) {
        const fields = merged(path === "g.lat" ? { g: { lat: 0, lon: 0 } } : {}, at(path, value));
        const name = path.split(".")[0];
        const refusal = { codes: ["invalid"], words: [name] };
        const add = (what, call) => calls.push({ what: `${what} of ${type} as ${path}`, ...refusal, call });
        add("put", () => books.put({ id: "new", ...fields }));
        add("put in a batch", () => books.put([{ id: "before", t: "sea" }, { id: "kept", ...fields }]));
        add("update", () => books.update("kept", fields));
      }
    }
    return refused(calls);
  });

  test("with vectors of other dimensions", () => {
    const calls = [];
    for (let count = 0; count < 30; count += 1) {
      const [field, dimensions] = pick([["v", 3], ["w", 2]]);
      const given = pick([0, 1, 2, 3, 4, 5, 8, 100, 4096].filter((length) => length !== dimensions));
      const numbers = Array.from({ length: given }, () => random() - 0.5);
      const value = random() < 0.5 ? numbers : Float32Array.from(numbers);
      const words = [field, `${dimensions}`, `${given}`];
      const what = `${given} dimensions of ${dimensions} as ${field}`;
      const add = (call) => calls.push({ what, codes: ["invalid"], words, call });
      add(() => books.put([{ id: "before" }, { id: "new", [field]: value }]));
      add(() => books.update("kept", { [field]: value }));
      calls.push({ what, codes: ["invalid"], words: words.slice(1), call: () => books.search({ vector: { field, value } }) });
    }
    return refused(calls);
  });

  test("with vectors that have no number somewhere", () => {
    const calls = [];
    for (let count = 0; count < 30; count += 1) {
      const place = upTo(3);
      const none = pick([NaN, Infinity, -Infinity]);
      const numbers = Array.from({ length: 3 }, (_, number) => (number === place ? none : random()));
      const value = random() < 0.5 ? numbers : Float32Array.from(numbers);
      const add = (words, call) => calls.push({ what: shown([...numbers]), codes: ["invalid"], words, call });
      add(["v", `[${place}]`], () => books.put([{ id: "before" }, { id: "new", v: value }]));
      add(["v", `[${place}]`], () => books.update("kept", { v: value }));
      add([], () => books.search({ vector: { field: "v", value } }));
    }
    return refused(calls);
  });

  test("that are none", () => {
    const calls = [];
    for (const [type, value] of wrong("object", "array")) {
      calls.push({ what: `put of ${type}`, codes: ["invalid"], call: () => books.put(value) });
      calls.push({ what: `put of ${type} in a batch`, codes: ["invalid"], call: () => books.put([{ id: "before" }, value]) });
      calls.push({ what: `update with ${type}`, codes: ["invalid"], call: () => books.update("kept", value) });
    }
    return refused(calls);
  });
});

describe("wrong ids", () => {
  const ids = () => [
    ...wrong("string", "number").filter(([type]) => type !== "infinity"),
    ["infinity", Infinity],
    ["an empty text", ""],
    ["a lone surrogate", `${word()}${LONE}`],
    ["a number beyond what is safe", 2 ** 53 + 2 * upTo(99)],
    ["513 bytes", "b".repeat(513)],
    ["bytes that are more than letters", "\u00e9".repeat(257 + upTo(9))],
    ["a number with a fraction", upTo(99) + 0.5],
  ];
  test("in every call", () => {
    const calls = [];
    for (const [type, id] of ids()) {
      const add = (what, call) => calls.push({ what: `${what} of ${type}`, codes: ["invalid"], call });
      if (!TEXT.includes(type)) add("put", () => books.put([{ id: "before" }, { id, t: "sea" }]));
      add("get", () => books.get(id));
      add("has", () => books.has(id));
      add("update", () => books.update(id, { n: 1 }));
      add("delete of a list", () => books.delete(["kept", id]));
      add("list after", () => books.list({ after: id }).next());
      // An array is a list of ids, and an object a filter.
      if (!["array", "object", "date", "map", "bytes"].includes(type)) add("delete", () => books.delete(id));
    }
    return refused(calls);
  });
});

/** The calls that take a filter. */
const filtered = (what, filter, words = [], codes = ["filter"]) => [
  { what: `count: ${what}`, codes, words, call: () => books.count(filter) },
  { what: `search: ${what}`, codes, words, call: () => books.search({ filter }) },
  { what: `delete: ${what}`, codes, words, call: () => books.delete({ filter }) },
  { what: `list: ${what}`, codes, words, call: () => books.list({ filter }).next() },
];

describe("wrong filters", () => {
  test("of fields that there are none of", () =>
    refused(
      Array.from({ length: 8 }, word).flatMap((name) => [
        ...filtered(`{ ${name} }`, { [name]: pick([1, "a", true, { $exists: true }]) }, [name]),
        ...filtered(`${name} = 1`, `${name} = 1`, [name, "position"]),
      ]),
    ));

  test("of operators that there are none of", () =>
    refused(
      Array.from({ length: 6 }, word).flatMap((name) => [
        ...filtered(`$${name}`, { n: { [`$${name}`]: 1 } }, [`$${name}`]),
        ...filtered(`$${name} of all`, { [`$${name}`]: [] }, [`$${name}`]),
      ]),
    ));

  test("of operators that a field does not have", () => {
    const box = { north: 1, south: 0, east: 1, west: 0 };
    const pairs = [
      ...["$eq", "$ne", "$gt", "$contains", "$startsWith"].flatMap((name) => [["t", name, "a"], ["v", name, "a"]]),
      ["t", "$in", ["a"]],
      ["v", "$nin", ["a"]],
      ...["$eq", "$ne", "$gt", "$in", "$nin", "$contains"].map((name) => ["g", name, name.endsWith("in") ? [] : 1]),
      ["g", "$startsWith", "a"],
      ...["k", "n", "d", "b", "t", "v", "tags"].map((field) => [field, "$geoBox", box]),
      ...["k", "n", "d", "b", "t", "v", "tags"].map((field) => [field, "$geoRadius", { lat: 0, lon: 0, meters: 1 }]),
    ];
    return refused(
      pairs.flatMap(([field, name, operand]) =>
        filtered(`${field} ${name}`, { [field]: { [name]: operand } }, [field]).slice(0, 3),
      ),
    );
  });

  test("with operands that are none", () => {
    const calls = [];
    const operands = {
      "n.$in": ["array"],
      "k.$nin": ["array"],
      "k.$startsWith": ["string"],
      "k.$exists": ["boolean"],
      "g.$geoBox": [],
      "g.$geoRadius": [],
      "g.$geoBox.north": [],
      "g.$geoRadius.meters": [],
      $and: [],
      $or: [],
      $not: [],
      "$and.0": [],
    };
    for (const [path, right] of Object.entries(operands)) {
      for (const [type, value] of wrong(...right)) {
        // A text is a filter of its own, which does not parse.
        calls.push(...filtered(`${type} as ${path}`, at(path, value)).slice(0, 2));
      }
    }
    const values = ["NaN", "infinity", "bigint", "symbol", "function", "map", "bytes"];
    for (const field of ["n", "k", "tags", "b", "d"]) {
      for (const name of ["$eq", "$ne", "$contains", "$in"]) {
        for (const type of values) {
          const value = name === "$in" ? [VALUES[type]()] : VALUES[type]();
          calls.push(...filtered(`${type} as ${field} ${name}`, { [field]: { [name]: value } }).slice(0, 1));
        }
      }
    }
    return refused(calls);
  });

  test("that are none", () =>
    refused(wrongOption("object", "string").flatMap(([type, filter]) => filtered(type, filter, [], ["filter", "invalid"]))));

  test("beyond the limits", () => {
    const nested = (key, levels, wrap = (inner) => inner) => {
      let filter = { n: 1 };
      for (let level = 0; level < levels; level += 1) filter = { [key]: wrap(filter) };
      return filter;
    };
    const values = (count) => Array.from({ length: count }, (_, number) => number);
    return refused([
      ...filtered("1000 times $not", nested("$not", 1000)),
      ...[32, 33 + upTo(9), 1000].flatMap((levels) => [
        ...filtered(`${levels} times $not`, nested("$not", Math.min(levels, 60)), ["32"]),
        ...filtered(`${levels} times $and`, nested("$and", Math.min(levels, 60), (inner) => [inner]), ["32"]),
        ...filtered(`${levels} times NOT`, `${"NOT ".repeat(levels)}n = 1`, ["position", "32"]),
        ...filtered(`${levels} parentheses`, `${"(".repeat(levels + 1)}n = 1${")".repeat(levels + 1)}`, ["position", "32"]),
      ]),
      ...filtered("65,537 values in $in", { n: { $in: values(65_537) } }, ["65536", "65537"]),
      ...filtered("65,600 values in $nin", { $not: { n: { $nin: values(65_600) } } }, ["65536"]),
      ...filtered("65,537 values in IN", `n IN (${values(65_537).join(", ")})`, ["position", "65536"]),
    ]);
  });

  test("as text that does not parse, with the position", async () => {
    const right = [
      "n = 1",
      "n >= 1 AND (tags CONTAINS 'birds' OR k IN ('a', 'b')) AND NOT b = false",
      "n BETWEEN 1 AND 5 OR EXISTS k",
      "k STARTS WITH 'a' AND d < '2020-01-01'",
      "GEO_BOX(g, 1, 0, 1, 0) OR GEO_RADIUS(g, 0, 0, 5)",
      "NOT (n <> 1 OR k NOT IN ('a'))",
    ];
    for (const text of right) await books.count(text);
    const spoilt = [];
    for (const text of right) {
      // Cut within, or with something that no filter has put between two words.
      const words = text.split(" ");
      for (let count = 0; count < 6; count += 1) {
        const place = 1 + upTo(words.length - 1);
        spoilt.push([...words.slice(0, place), pick(["#", "$", "@@", "{", "]", "?"]), ...words.slice(place)].join(" "));
      }
      spoilt.push(`${text} AND`, `${text} OR`, `${text})`, `(${text}`);
      spoilt.push(`AND ${text}`, `${text} ${text}`, `${text} 'open`, `${text};`);
    }
    spoilt.push("", " ", "n", "n =", "= 1", "n = = 1", "n IN (1", "n IN 1", "n BETWEEN 1", "n BETWEEN 1 AND", "EXISTS", "NOT");
    spoilt.push("()", "k = 'a", 'k = "a', "n = 1e", "n = 1.2.3", "n = --1", "n = 0x10", "k STARTS 'a'", "k LIKE 'a'");
    spoilt.push("k IS NULL", "k = null", "n == 1", "n = 1 && b = true");
    await refused(spoilt.flatMap((text) => filtered(JSON.stringify(text), text, ["position"]).slice(0, 3)));
    for (const text of spoilt) {
      const error = await books.count(text).catch((thrown) => thrown);
      const position = Number(/position (\d+)/.exec(error.message)?.[1]);
      assert.ok(position >= 0 && position <= text.length, `${JSON.stringify(text)}: ${error.message}`);
    }
  });
});

test("they were as many as they should be", () => assert.ok(made >= CALLS_MIN, `${made} calls`));

test("after all of them the collection is as it was, and takes writes", async () => {
  const ids = [];
  for await (const { id } of books.list()) ids.push(id);
  assert.deepEqual(ids, [7, "kept"]);
  assert.deepEqual(await books.put({ id: "last", t: "shore" }), { ids: ["last"], versions: [3] });
  assert.equal((await books.search("shore")).total, 2);
});
