// Checked by the compiler against the installed package, never run: what a schema literal must allow and refuse.
import {
  open,
  repair,
  restore,
  SanderlingError,
  type Collection,
  type Document,
  type FacetBounds,
  type FacetRange,
  type FacetValue,
  type Filter,
  type Id,
  type Query,
  type SearchResult,
  type StorageBackend,
} from "sanderling";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_equal: Equal<A, B>): void => undefined;

await using db = await open("library", { storage: "auto", durability: "strict", wasm: undefined });
const books = await db.collection("books", {
  fields: {
    title: { type: "text", weight: 2 },
    body: { type: "text", language: "english" },
    author: { type: "keyword" },
    tags: { type: "keyword", many: true },
    year: { type: "number" },
    added: { type: "date" },
    inPrint: { type: "boolean" },
    place: { type: "geo" },
    vector: { type: "vector", dimensions: 384, metric: "cosine", index: "auto", recall: 0.95, quantization: "auto" },
  },
});

// Writing
await books.put({ id: "b1", title: "t", vector: new Float32Array(384), tags: ["a"], added: new Date(), unindexed: { a: 1 } });
await books.put([{ year: 1999, added: "2020-01-01", inPrint: null }, { vector: [1, 2, 3], place: { lat: 1, lon: 2 } }]);
await books.put({ id: 1 }, { ifVersion: "absent", expiresAt: Date.now() + 60_000, wait: false, signal: AbortSignal.timeout(9) });
await books.put({}, { ifVersion: 3 });
await books.update("b1", { year: 1999 });
await books.delete({ filter: { year: { $lt: 1900 } } });
await books.delete(["b1", 2]);
// @ts-expect-error a number field takes no string
await books.put({ year: "1999" });
// @ts-expect-error a keyword that is not many takes no array
await books.put({ author: ["a"] });
// @ts-expect-error a many keyword takes an array
await books.put({ tags: "a" });
// @ts-expect-error a vector takes no strings
await books.put({ vector: ["1"] });
// @ts-expect-error a point has two coordinates
await books.put({ place: { lat: 1 } });
// @ts-expect-error an id is a string or a number
await books.put({ id: true });
// @ts-expect-error patches are typed like documents
await books.update("b1", { year: "1999" });
// @ts-expect-error a filter is not optional here
await books.delete({});
// @ts-expect-error no such option
await books.put({}, { ifversion: 3 });

// Compacting
await books.compact();
await books.compact({ signal: AbortSignal.timeout(9), timeout: 5, onProgress: ({ done, total }) => same<number, typeof done>(true) ?? total });
// @ts-expect-error a function
await books.compact({ onProgress: true });
// @ts-expect-error no such figure
await books.compact({ onProgress: ({ rows }) => rows });

// Filters
await books.count({ tags: "birds", $or: [{ year: 1 }, { author: { $in: ["a", "b"] } }], $not: { inPrint: true } });
await books.count({ added: { $gte: new Date() }, place: { $geoRadius: { lat: 1, lon: 2, meters: 3 } }, vector: { $exists: true } });
await books.count("year >= 1990");
// @ts-expect-error no such field
await books.count({ yaer: 1990 });
// @ts-expect-error a number field is compared with numbers
await books.count({ year: "1990" });
// @ts-expect-error also behind an operator
await books.count({ year: { $gte: "1990" } });
// @ts-expect-error no such operator
await books.count({ year: { $above: 1990 } });
// @ts-expect-error nested filters are typed too
await books.count({ $and: [{ inPrint: "yes" }] });
// @ts-expect-error booleans have no order
await books.count({ inPrint: { $gt: false } });

// Searching
const r = await books.search({
  text: { query: "shore", fields: ["title"], boost: { title: 3 }, operator: "and", fuzzy: 1 },
  vector: { value: new Float32Array(384), field: "vector", ef: 100 },
  filter: { year: { $gte: 1990, $lt: 2020 } },
  fusion: { method: "weighted", weights: { text: 0.3, vector: 0.7 }, normalize: "minmax" },
  sort: [{ field: "year", order: "desc" }],
  facets: { tags: { limit: 10 }, year: { ranges: [[1990, 2000]] } },
  groupBy: { field: "author", limit: 1 },
  highlight: { fields: ["body"] },
  select: ["title", "year"],
  limit: 10,
});
await books.search("shore birds");
await books.search({ vector: [1, 2, 3], fusion: "rrf" });
await books.search({ vector: [{ value: [1], field: "vector" }, { value: [2] }] });
await books.searchMany(["a", { text: "b" }]);
// @ts-expect-error only text fields are searched for text
await books.search({ text: { query: "a", fields: ["year"] } });
// @ts-expect-error only vector fields hold vectors
await books.search({ vector: { value: [1], field: "title" } });
// @ts-expect-error no such field to sort by
await books.search({ sort: [{ field: "yaer" }] });
await books.search({ sort: [{ field: "tags" }] });
await books.search({ mmr: { lambda: 0.5, field: "vector" }, timeout: 50, sort: { field: "year" } });
await books.search({ facets: { added: { ranges: [[new Date(), null]] }, year: { bounds: true } } });
await books.search({ text: "a", rerank: async (query, hits) => hits.map((hit) => hit.score + (query.limit ?? 0)) });
// @ts-expect-error scores are numbers
await books.search({ text: "a", rerank: async (query, hits) => hits.map((hit) => hit.id) });
// @ts-expect-error text is not sorted by
await books.search({ sort: [{ field: "title" }] });
// @ts-expect-error keywords have no ranges
await books.search({ facets: { tags: { ranges: [[1, 2]] } } });
// @ts-expect-error no facets over text
await books.search({ facets: { title: { limit: 1 } } });
await books.search({ select: ["title", "a field that is stored alone"] });
// @ts-expect-error names of fields
await books.search({ select: [1] });
// @ts-expect-error no facets over text, also beside one that is right
await books.search({ facets: { title: { limit: 1 }, year: { bounds: true } } });
// @ts-expect-error a signal is for all queries
await books.searchMany([{ text: "b", signal: new AbortController().signal }]);
// @ts-expect-error highlights are for text
await books.search({ highlight: { fields: ["year"] } });
// @ts-expect-error milliseconds
await books.search({ timeout: "50" });

// What comes back
const hit = r.hits[0]!;
same<typeof hit.id, Id>(true);
same<typeof hit.document.title, string | null | undefined>(true);
same<typeof hit.document.tags, string[] | null | undefined>(true);
same<typeof hit.document.added, number | null | undefined>(true);
same<typeof hit.document.vector, Float32Array | null | undefined>(true);
same<typeof hit.document.unindexed, unknown>(true);
same<typeof r.took, number>(true);
const tags = r.facets?.tags?.[0];
if (tags !== undefined) same<typeof tags.value, string>(true);
same<NonNullable<typeof r.facets>["year"], readonly FacetRange[]>(true);
const counted = (await books.search({ facets: { year: { bounds: true }, inPrint: {}, tags: { limit: 3 } } })).facets!;
same<typeof counted.year, FacetBounds>(true);
same<(typeof counted.inPrint)[number]["value"], boolean>(true);
const YEARS = { fields: { year: { type: "number" } } } as const;
same<NonNullable<NonNullable<SearchResult<typeof YEARS>["facets"]>["year"]>, readonly FacetRange[] | FacetBounds | readonly FacetValue<number>[]>(true);
const next: string | undefined = r.cursor;
await books.search({ cursor: next, legDepth: 500 });
same<NonNullable<typeof hit.highlights>["body"], readonly string[] | undefined>(true);
const found = await books.get("b1");
same<NonNullable<typeof found>["id"], Id>(true);
same<NonNullable<typeof found>["year"], number | null | undefined>(true);
for await (const document of books.list({ prefix: "b", after: "b1", limit: 3 })) same<typeof document.id, Id>(true);
// @ts-expect-error a stored date is a number
const added: string | null | undefined = hit.document.added;
// @ts-expect-error highlights exist for text fields alone
hit.highlights?.year;

// A schema in a variable keeps its types with `as const`; one type parameter names everything.
const SCHEMA = { fields: { name: { type: "keyword" }, v: { type: "vector", dimensions: 2 } } } as const;
const people: Collection<typeof SCHEMA> = await db.collection("people", SCHEMA);
const person: Document<typeof SCHEMA> = { name: "a", v: [1, 2] };
const named: Filter<typeof SCHEMA> = { name: { $startsWith: "a" } };
const query: Query<typeof SCHEMA> = { filter: named, vector: [1, 2] };
const answer: SearchResult<typeof SCHEMA> = await people.search(query);
await people.put(person);
// @ts-expect-error an unknown type of field
await db.collection("x", { fields: { a: { type: "string" } } });
// @ts-expect-error a vector has dimensions
await db.collection("x", { fields: { a: { type: "vector" } } });

// Without a schema nothing is known and nothing refused.
const loose: Collection = await db.collection("books");
await loose.put({ anything: 1, id: 2 });
const first = (await loose.search({ sort: [{ field: "any" }], filter: { $or: [{ any: 1 }], x: 2 }, select: ["y"] })).hits[0];
same<NonNullable<typeof first>["document"]["anything"], unknown>(true);

// A backend may be synchronous, asynchronous or both.
const backend: StorageBackend = {
  list: () => [],
  read: async () => new Uint8Array(),
  append: () => undefined,
  write: async () => undefined,
  remove: () => Promise.resolve(),
};
await open("library", { storage: backend });
// @ts-expect-error no such storage
await open("library", { storage: "floppy" });
// @ts-expect-error not in this version
await open("library", { encryption: {} });

const error: unknown = new SanderlingError("invalid", "m");
if (error instanceof SanderlingError) same<typeof error.code extends string ? true : false, true>(true);
export const unused: unknown = [added, answer];

// A caller's own interface is a document as it is.
interface OwnBook {
  id: string;
  title: string;
  shelf: number;
}
declare const ownBook: OwnBook;
void books.put(ownBook);
void books.put([ownBook]);

// Copies
const exported = await db.export({ signal: AbortSignal.timeout(9) });
const stream: ReadableStream<Uint8Array> = exported;
await using copy = await restore("copy", stream, { replace: true, storage: "memory", signal: AbortSignal.timeout(9) });
await restore("copy", new Blob([]));
await restore("copy", new Uint8Array(3), { path: "./data" });
const { ok, problems } = await copy.verify();
same<typeof ok, boolean>(true);
problems.forEach(({ file, collection, kind, offset, message }): unknown => [file, collection, kind, offset, message]);
const { lost, kept, copies } = await repair("library", { path: "./data" });
same<typeof kept.documents, number>(true);
lost.forEach(({ documents, writes }): unknown => [documents, writes?.first, copies]);
// @ts-expect-error no such source
await restore("copy", 3);
// @ts-expect-error no such option
await restore("copy", stream, { overwrite: true });
