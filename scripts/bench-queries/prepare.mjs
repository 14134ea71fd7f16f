// A data set as both contenders read it: documents, queries, their vectors, and the kinds of queries that are asked.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const DIMENSIONS = 384;

const FIELDS = {
  scifact: { title: "title", body: "text", attributes: {} },
  wordnet: {
    title: "title",
    body: "text",
    attributes: {
      pos: { type: "keyword" },
      lexname: { type: "keyword" },
      freq: { type: "number" },
      n_lemmas: { type: "number" },
      has_hypernym: { type: "boolean" },
    },
  },
};

const FILTERS = [
  { pos: "v" },
  { lexname: "noun.animal" },
  { freq: { $gte: 10 } },
  { n_lemmas: { $gte: 6 } },
  { lexname: "noun.shape" },
  { pos: "n", n_lemmas: { $gte: 2 } },
  { $not: { pos: "n" } },
];

// What the reference leaves out: the list of the benchmark's BM25, shorter than the language's own.
const STOP_WORDS =
  "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with";

const HYBRID = { text: "@text", vector: "@vector" };
const EXACT = { text: "@text", vector: { value: "@vector", exact: true } };
const FILTER = { filter: { pos: "n", n_lemmas: { $gte: 2 } } };
const FACETS = { facets: { lexname: { limit: 10 }, freq: { ranges: [[0, 1], [1, 10], [10, 100]] } } };

/** The kinds of queries; those that are judged ask for a hundred ids. */
function kinds(set) {
  const judged = (query) => ({ ...query, limit: 100, select: [] });
  const quality = {
    judgedText: judged({ text: "@text" }),
    judgedVector: judged({ vector: "@vector" }),
    judgedRrf60: judged(HYBRID),
    judgedRrf10: judged({ ...HYBRID, fusion: { method: "rrf", k: 10 } }),
    judgedMinMax: judged({ ...HYBRID, fusion: { method: "weighted" } }),
    judgedRrf60Exact: judged(EXACT),
    judgedMinMaxExact: judged({ ...EXACT, fusion: { method: "weighted" } }),
    judgedZScore: judged({ ...HYBRID, fusion: { method: "weighted", normalize: "zscore" } }),
  };
  if (set !== "wordnet") return quality;
  return {
    ...quality,
    text: { text: "@text" },
    vector: { vector: "@vector" },
    hybrid: HYBRID,
    filtered: { ...HYBRID, ...FILTER },
    faceted: { ...HYBRID, ...FILTER, ...FACETS },
    facetsOfAll: { ...FACETS, limit: 0 },
    sorted: { ...HYBRID, ...FILTER, sort: [{ field: "freq", order: "desc" }] },
    grouped: { ...HYBRID, ...FILTER, groupBy: { field: "lexname", limit: 2 } },
    exact: EXACT,
    stopped: { ...EXACT, timeout: 2 },
    diverse: { ...HYBRID, ...FILTER, mmr: { lambda: 0.5 } },
  };
}

function halfFloat(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size;
}

function normalised(vectors) {
  for (let from = 0; from < vectors.length; from += DIMENSIONS) {
    const vector = vectors.subarray(from, from + DIMENSIONS);
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    vector.forEach((value, at) => (vector[at] = value / norm));
  }
  return vectors;
}

/** Writes `rows` documents of a set into a folder. */
export function prepare(data, set, rows, folder) {
  mkdirSync(folder, { recursive: true });
  const from = (name) => readFileSync(join(data, set, name));
  const write = (name, content) => writeFileSync(join(folder, name), content);
  const { title, body, attributes } = FIELDS[set];
  const lines = gunzipSync(from("texts.jsonl.gz")).toString().trimEnd().split("\n").slice(0, rows);
  const documents = lines.map((line, id) => {
    const given = JSON.parse(line);
    const values = Object.fromEntries(Object.keys(attributes).map((name) => [name, given[name]]));
    return JSON.stringify({ id, text: `${given[title]} ${given[body]}`, ...values });
  });
  write("documents.jsonl", documents.join("\n"));
  const base = from("base.i8");
  const signed = new Int8Array(base.buffer, base.byteOffset, base.byteLength);
  const scales = from("scale.f32");
  const vectors = new Float32Array(documents.length * DIMENSIONS);
  for (let row = 0; row < documents.length; row += 1) {
    const scale = scales.readFloatLE(row * 4);
    for (let at = 0; at < DIMENSIONS; at += 1) vectors[row * DIMENSIONS + at] = signed[row * DIMENSIONS + at] * scale;
  }
  write("documents.f32", Buffer.from(normalised(vectors).buffer));
  const halves = from("queries.f16");
  const asked = Float32Array.from({ length: halves.length / 2 }, (_, at) => halfFloat(halves.readUInt16LE(2 * at)));
  write("queries.f32", Buffer.from(normalised(asked).buffer));
  const queries = from("queries.jsonl").toString().trimEnd().split("\n").map((line) => JSON.parse(line).text);
  write("queries.txt", queries.map((text) => text.replace(/\s+/g, " ")).join("\n"));
  const right = from("qrels.tsv").toString().trimEnd().split("\n").filter((line) => /^\d/.test(line));
  write("judged.tsv", right.join("\n"));
  const schema = {
    fields: {
      text: { type: "text", language: "english", stopWords: STOP_WORDS.split(" ") },
      ...attributes,
      vector: { type: "vector", dimensions: DIMENSIONS },
    },
  };
  write("schema.json", JSON.stringify(schema));
  write("kinds.json", JSON.stringify(kinds(set)));
  write("filters.json", JSON.stringify(set === "wordnet" ? FILTERS : []));
}
