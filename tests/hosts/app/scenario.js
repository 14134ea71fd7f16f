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

async function report(db, collection) {
  const result = await answers(collection);
  const { storage, simd, worker } = await db.status();
  await db.close();
  return { host: { storage, simd, worker }, result };
}
