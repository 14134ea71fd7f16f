// Vector search as a user of the package has it: documents are put, the collection is compacted, each query is one call.
// Runs in Node and in a page; what it measures includes everything between the caller and the engine.
const BATCH = 1_000;
const WANTED = 10;
const RECALLS = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995];

/** A set of vectors from the bytes of base.f32, queries.f32 and truth.u32. */
export function setOf([base, queries, truth]) {
  const answers = new Uint32Array(truth);
  const count = answers.length / WANTED;
  const dimensions = queries.byteLength / 4 / count;
  const rows = (bytes) => {
    const values = new Float32Array(bytes);
    return Array.from({ length: values.length / dimensions }, (_, at) => values.subarray(at * dimensions, (at + 1) * dimensions));
  };
  const wanted = Array.from({ length: count }, (_, at) => answers.subarray(at * WANTED, (at + 1) * WANTED));
  return { dimensions, vectors: rows(base), queries: rows(queries), wanted };
}

/** Puts the vectors of a set; says how long it took until they were searchable, and until they were in one index. */
export async function build(open, options, { dimensions, vectors }) {
  const db = await open("bench", { storage: "memory", ...options });
  const schema = { fields: { vector: { type: "vector", dimensions } } };
  const started = performance.now();
  const collection = await db.collection("vectors", schema);
  for (let first = 0; first < vectors.length; first += BATCH) {
    await collection.put(vectors.slice(first, first + BATCH).map((vector, at) => ({ id: first + at, vector })));
  }
  const put = performance.now();
  await collection.compact();
  const compacted = performance.now();
  const { simd } = await db.status();
  const seconds = (from, to) => (to - from) / 1e3;
  const built = { index: "ivf", rows: vectors.length, simd, build_seconds: seconds(started, put) };
  return { collection, built: { ...built, compact_seconds: seconds(put, compacted) } };
}

/** Asks every query at every recall. */
export async function round(collection, { queries, wanted }) {
  const records = [];
  for (const recall of RECALLS) {
    const us = [];
    let hits = 0;
    for (const [at, value] of queries.entries()) {
      const start = performance.now();
      const found = await collection.search({ vector: { value, recall }, limit: WANTED, select: [] });
      us.push(Math.round((performance.now() - start) * 1e5) / 100);
      hits += found.hits.filter(({ id }) => wanted[at].includes(id)).length;
    }
    const found = hits / (queries.length * WANTED);
    records.push({ kind: "round", setting: `recall ${recall}`, target: recall, recall: found, us });
  }
  return records;
}
