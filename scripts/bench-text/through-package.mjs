// Text search as a user of the package has it: documents are put, the collection is compacted, each query is one call.
// Runs in Node and in a page; what it measures includes everything between the caller and the engine.
const BATCH = 1_000;

async function fill(collection, texts) {
  for (let first = 0; first < texts.length; first += BATCH) {
    await collection.put(texts.slice(first, first + BATCH).map((text, at) => ({ id: first + at, text })));
  }
}

async function sealedBytes(collection) {
  const { segments } = await collection.stats();
  const sealed = segments.filter(({ state }) => state === "sealed");
  return { segments: sealed.length, bytes: sealed.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** The package as an engine of drive.mjs; `open` with these options, the field in that language. */
export async function sanderling(open, options, language) {
  const db = await open("bench", { storage: "memory", ...options });
  const collection = await db.collection("texts", { fields: { text: { type: "text", language } } });
  let put, seconds;
  const ask = (query) => async (text, limit) => {
    const { hits } = await collection.search({ text: query(text), limit, select: [] });
    return hits.map(({ id }) => id);
  };
  return {
    async build(texts) {
      put = texts;
      const start = performance.now();
      await fill(collection, texts);
      seconds = (performance.now() - start) / 1e3;
      await collection.compact();
    },
    async told() {
      const { simd } = await db.status();
      return { simd, put_seconds: seconds, segments: (await sealedBytes(collection)).segments };
    },
    // The same documents in a collection that does not index them are what the index comes on top of.
    async bytes() {
      const plain = await db.collection("plain", { fields: { other: { type: "text" } } });
      await fill(plain, put);
      await plain.compact();
      return (await sealedBytes(collection)).bytes - (await sealedBytes(plain)).bytes;
    },
    search: {
      or: ask((query) => query),
      and: ask((query) => ({ query, operator: "and" })),
      phrase: ask((query) => `"${query}"`),
      prefix: ask((query) => ({ query, prefix: true })),
      fuzzy: ask((query) => ({ query, fuzzy: true })),
    },
  };
}
