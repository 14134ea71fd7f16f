// Makes web/demo/data, the WordNet part that the demo carries, from the full set. For whoever changes what it carries:
// `node scripts/demo-data.mjs <folder of the wordnet set>`. Everything else works from the committed files alone.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { at, Explained, isMain, main } from "./workspace.mjs";

const TARGET = at("web", "demo", "data");
const DOCUMENTS = 10_000;
const BYTES_MAX = 6_000_000;
const LICENSE = "LICENSE.wordnet.txt";

// Rows of queries.jsonl: short sentences whose word lies among the documents and is found near the top, some by the
// text leg, some by the vector leg, some only by both together.
const EXAMPLES = [118, 873, 412, 343, 83, 125, 891, 958];

const lines = (text) => text.trimEnd().split("\n");

function littleEndian(floats) {
  const bytes = Buffer.alloc(floats.length * 4);
  floats.forEach((value, i) => bytes.writeFloatLE(value, i * 4));
  return bytes;
}

/** The value of a 16-bit float, given as its bits. */
export function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** One table with named columns instead of ten thousand objects that repeat the names. */
function table(source) {
  const columns = ["doc_id", "title", "text", "pos", "lexname"];
  const texts = lines(gunzipSync(readFileSync(join(source, "texts.jsonl.gz"))).toString());
  const rows = texts.slice(0, DOCUMENTS).map((line) => JSON.parse(line));
  return rows.map((row) => columns.map((column) => row[column]));
}

// The header names the machine's system; 255, unknown, keeps the file the same everywhere.
function compress(text) {
  const bytes = gzipSync(text, { level: 9 });
  bytes[9] = 255;
  return bytes;
}

function examples(source, rows, dimensions) {
  const queries = lines(readFileSync(join(source, "queries.jsonl"), "utf8")).map((line) => JSON.parse(line));
  const [, ...judged] = lines(readFileSync(join(source, "qrels.tsv"), "utf8"));
  const right = new Map(judged.map((line) => line.split("\t").map(Number)));
  const halves = readFileSync(join(source, "queries.f16"));
  const chosen = EXAMPLES.map((query) => {
    const row = rows[right.get(query)];
    if (!row) throw new Explained(`the answer to query ${query} is not among the first ${DOCUMENTS} rows`);
    return { text: queries[query].text, answer: row[0] };
  });
  const vectors = EXAMPLES.flatMap((query) =>
    Array.from({ length: dimensions }, (_, i) => halfToNumber(halves.readUInt16LE((query * dimensions + i) * 2))),
  );
  return { chosen, vectors };
}

/** Writes all files of the folder and answers their sizes by name. */
export function makeData(source, target) {
  const dimensions = JSON.parse(readFileSync(join(source, "meta.json"), "utf8")).dim;
  const rows = table(source);
  const { chosen, vectors } = examples(source, rows, dimensions);
  const files = {
    "set.json": `${JSON.stringify({ documents: DOCUMENTS, dimensions, examples: chosen }, undefined, 1)}\n`,
    // Not *.gz: some servers declare those as encoded, and the browser would then have unpacked it already.
    "documents.bin": compress(JSON.stringify(rows)),
    "vectors.i8": readFileSync(join(source, "base.i8")).subarray(0, DOCUMENTS * dimensions),
    "scales.f32": readFileSync(join(source, "scale.f32")).subarray(0, DOCUMENTS * 4),
    "examples.f32": littleEndian(vectors),
    [LICENSE]: readFileSync(join(dirname(source), LICENSE)),
  };
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(target, name), content);
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, content.length]));
}

if (isMain(import.meta.url)) {
  await main(() => {
    const source = resolve(process.argv[2] ?? "");
    if (!existsSync(join(source, "texts.jsonl.gz"))) {
      throw new Explained("say where the wordnet set is: node scripts/demo-data.mjs <folder with texts.jsonl.gz>");
    }
    const sizes = makeData(source, TARGET);
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
    console.table(sizes);
    if (total > BYTES_MAX) throw new Explained(`${total} bytes, at most ${BYTES_MAX} are carried`);
    console.log(`${total} bytes in web/demo/data`);
  });
}
