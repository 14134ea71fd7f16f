// The package in Node as its users have it: every kind of query, and filters beside a loop over the documents.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { open } from "../../pkg/dist/node.js";

const DIMENSIONS = 384;
const BATCH = 1_000;

const [folder, rounds = "1"] = process.argv.slice(2);
const text = (name) => readFileSync(join(folder, name), "utf8");
const json = (name) => JSON.parse(text(name));
const floats = (name) => new Float32Array(Uint8Array.from(readFileSync(join(folder, name))).buffer);
const print = (record) => console.log(JSON.stringify(record));

/** A query of a kind for one of the texts with its vector. */
function filled(kind, words, vector) {
  if (kind === "@text") return words;
  if (kind === "@vector") return vector;
  if (Array.isArray(kind)) return kind.map((item) => filled(item, words, vector));
  if (typeof kind !== "object" || kind === null) return kind;
  return Object.fromEntries(Object.entries(kind).map(([name, value]) => [name, filled(value, words, vector)]));
}

const OPERATORS = {
  $gte: (value, bound) => value >= bound,
};

/** The filter as a user would write it by hand. */
function predicate(filter) {
  const tests = Object.entries(filter).map(([name, wanted]) => {
    if (name === "$not") {
      const inner = predicate(wanted);
      return (document) => !inner(document);
    }
    if (typeof wanted !== "object") return (document) => document[name] === wanted;
    const [[operator, bound]] = Object.entries(wanted);
    return (document) => OPERATORS[operator](document[name], bound);
  });
  return tests.length === 1 ? tests[0] : (document) => tests.every((test) => test(document));
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function timed(times, call) {
  const us = [];
  for (let at = 0; at < times; at += 1) {
    const start = performance.now();
    await call();
    us.push((performance.now() - start) * 1e3);
  }
  return us;
}

const db = await open("bench", { storage: "memory" });
const documents = text("documents.jsonl").split("\n").map((line) => JSON.parse(line));
const vectors = floats("documents.f32");
const collection = await db.collection("documents", json("schema.json"));
const start = performance.now();
for (let from = 0; from < documents.length; from += BATCH) {
  const batch = documents.slice(from, from + BATCH).map((document, at) => {
    const vector = vectors.subarray((from + at) * DIMENSIONS, (from + at + 1) * DIMENSIONS);
    return { ...document, vector };
  });
  await collection.put(batch);
}
await collection.compact();
print({ kind: "built", seconds: (performance.now() - start) / 1e3 });

const words = text("queries.txt").split("\n");
const asked = floats("queries.f32");
for (const [name, kind] of Object.entries(json("kinds.json"))) {
  const queries = words.map((line, at) => filled(kind, line, asked.subarray(at * DIMENSIONS, (at + 1) * DIMENSIONS)));
  const us = [];
  const hits = [];
  for (let round = 0; round <= Number(rounds); round += 1) {
    for (const query of queries) {
      const from = performance.now();
      const found = await collection.search(query);
      if (round > 0) us.push((performance.now() - from) * 1e3);
      else if (name.startsWith("judged")) hits.push(found.hits.map(({ id }) => id));
    }
  }
  print({ kind: name, us, hits });
}
for (const filter of json("filters.json")) {
  const passes = predicate(filter);
  const loop = median(await timed(30, () => documents.reduce((count, document) => count + (passes(document) ? 1 : 0), 0)));
  const us = median(await timed(200, () => collection.count(filter)));
  print({ kind: "filter", filter: JSON.stringify(filter), documents: await collection.count(filter), us, loop });
}
await db.close();
