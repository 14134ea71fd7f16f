// The scenario on any host: put, delete, search; the answers are totals, ids and the bits of the scores. Plain
// JavaScript, so that each bundler takes it as it is. The test lays data.js and bits.mjs beside it.
import { bitsOf } from "./bits.mjs";
import data from "./data.js";

const NAME = "hosts";

async function fill(db) {
  const collection = await db.collection(NAME, data.schema, data.options);
  for (let start = 0; start < data.documents.length; start += data.batch) {
    await collection.put(data.documents.slice(start, start + data.batch));
  }
  await collection.delete(data.deleted);
  for (const name of Object.keys(data.indexes.fields)) await fillIndex(db, name);
  return collection;
}

async function answers(collection) {
  const found = {};
  for (const [name, query] of Object.entries(data.queries)) {
    const { hits, total } = await collection.search(query);
    found[name] = { total, hits: hits.map(({ id, score }) => [id, bitsOf(score)]) };
  }
  return found;
}

/** Numbers that look random, the same in Rust: tests/hosts of the crate testkit makes the same ones. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return ((state >>> 16) & 255) / 64 - 2;
  };
}

/** A vector near one of the clusters. All components are multiples of 1/256, so they are exact everywhere. */
function vectorOf(number) {
  const { dimensions, clusters } = data.indexes;
  const [center, noise] = [numbers(number % clusters), numbers(number + 1_000_000)];
  return Float32Array.from({ length: dimensions }, () => center() + noise() / 4);
}

async function fillIndex(db, name) {
  const { vectors, dimensions, batch, sealAt, fields } = data.indexes;
  const schema = { fields: { vector: { type: "vector", dimensions, ...fields[name] } } };
  const collection = await db.collection(name, schema, { sealAt });
  for (let first = 0; first < vectors; first += batch) {
    await collection.put(Array.from({ length: batch }, (_, at) => ({ id: first + at, vector: vectorOf(first + at) })));
  }
}

/** What each index answers, as it was written and compacted; the plan says how many vectors were compared. */
async function indexAnswers(db) {
  const { vectors, queries, search, leg, fields } = data.indexes;
  const found = {};
  for (const name of Object.keys(fields)) {
    const collection = await db.collection(name);
    for (const layout of ["as written", "compacted"]) {
      if (layout === "compacted") await collection.compact();
      for (let query = 0; query < queries; query++) {
        const vector = { value: vectorOf(vectors + query), ...leg };
        const { hits, plan } = await collection.search({ ...search, vector });
        const steps = plan.segments.map((segment) => segment.vector);
        found[`${name}, ${layout}, ${query}`] = { plan: steps, hits: hits.map(({ id, score }) => [id, bitsOf(score)]) };
      }
    }
  }
  return found;
}

/** The answers with what says where they come from. With `reopen` they come from what the storage kept, compacted. */
export async function scenario({ open }, options, { reopen = false } = {}) {
  let db = await open(NAME, options);
  let collection = await fill(db);
  if (reopen) {
    await db.close();
    db = await open(NAME, options);
    collection = await db.collection(NAME);
    await collection.compact();
  }
  return report(db, collection);
}

/** The answers from a database that another host filled. */
export async function found({ open }, options) {
  const db = await open(NAME, options);
  return report(db, await db.collection(NAME));
}

/** The answers of a copy: filled in one place, exported, restored in another. */
export async function copied({ open, restore }, from, options) {
  const db = await open("source", from);
  await fill(db);
  const copy = await restore("copy", await db.export(), options);
  await db.close();
  const { ok, problems } = await copy.verify();
  if (!ok) throw new Error(JSON.stringify(problems));
  return report(copy, await copy.collection(NAME));
}

async function report(db, collection) {
  const result = { ...(await answers(collection)), ...(await indexAnswers(db)) };
  const { storage, simd, worker } = await db.status();
  await db.close();
  return { host: { storage, simd, worker }, result };
}
