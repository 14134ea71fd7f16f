// The one little program that every target of the packaging tests runs: put three documents, search them three
// ways, then in a language that is loaded for it; answer ids and the bits of the scores. Plain JavaScript, so that each bundler takes it as it is.

const SCHEMA = {
  fields: {
    title: { type: "text", weight: 2 },
    tags: { type: "keyword", many: true },
    year: { type: "number" },
    vector: { type: "vector", dimensions: 4 },
  },
};

const DOCUMENTS = [
  { id: "sanderling", title: "A small wader of the shore", tags: ["birds"], year: 1990, vector: [0.9, 0.1, 0.3, 0.2] },
  { id: "curlew", title: "A large wader with a curved bill", tags: ["birds"], year: 2001, vector: [0.2, 0.8, 0.1, 0.4] },
  { id: 7, title: "Shells of the sea shore", tags: ["shells"], year: 2010, vector: [0.3, 0.3, 0.9, 0.1] },
];

const QUERIES = {
  text: { text: "wader shore" },
  vector: { vector: new Float32Array([0.7, 0.2, 0.4, 0.1]) },
  hybrid: { text: "wader shore", vector: new Float32Array([0.7, 0.2, 0.4, 0.1]), filter: { year: { $lt: 2005 } } },
};

const GERMAN = { fields: { text: { type: "text", language: "german", stopWords: true } } };
const GERMAN_DOCUMENTS = [{ id: 1, text: "Die Häuser am Meer" }, { id: 2, text: "Das Haus, die Hütte" }];

const bitsOf = (score) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, score);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
};

async function answer(collection, query) {
  const { hits, total } = await collection.search(query);
  return { total, hits: hits.map(({ id, score }) => [id, bitsOf(score)]) };
}

async function answers(db) {
  const [birds, german] = [await db.collection("birds"), await db.collection("german")];
  const found = {};
  for (const [name, query] of Object.entries(QUERIES)) found[name] = await answer(birds, query);
  found.german = await answer(german, "in den HÄUSERN");
  return found;
}

/** What a compaction tells, and what comes of one that is aborted or whose callback throws. */
async function compacted(collection) {
  const told = [];
  await collection.compact({ onProgress: ({ done, total }) => told.push(done / total) });
  const abort = new AbortController();
  const aborting = collection.compact({ onProgress: () => abort.abort(), signal: abort.signal });
  const { code } = await aborting.catch((error) => error);
  const throwing = collection.compact({ onProgress: () => { throw new RangeError("mine"); } });
  const { message } = await throwing.catch((error) => error);
  return { first: told[0], last: told.at(-1), grows: told.every((part, at) => at === 0 || part > told[at - 1]), code, message };
}

/** Writes, searches, closes. With `reopen` it opens once more and searches what the storage kept. */
export async function scenario({ open, SanderlingError }, options, { reopen = false } = {}) {
  const db = await open("packaging", options);
  const collection = await db.collection("birds", SCHEMA);
  await collection.put(DOCUMENTS.map((document) => ({ ...document, vector: new Float32Array(document.vector) })));
  const german = await db.collection("german", GERMAN);
  await german.put(GERMAN_DOCUMENTS);
  const result = await answers(db);
  const error = await collection.put({ id: "x", vector: [1, 2] }).catch((error) => error);
  result.error = [error instanceof SanderlingError, error.code];
  result.compacted = await compacted(collection);
  const { storage } = await db.status();
  await db.close();
  if (!reopen) return { storage, result };
  const again = await open("packaging", options);
  const kept = await answers(again);
  await again.close();
  return { storage, result, kept };
}
