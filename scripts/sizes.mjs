// Measures the files of the package and holds the wasm files to their budget.
import { readdirSync, readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { at, Explained, isMain, main, writeIfChanged } from "./workspace.mjs";

// What each wasm file may weigh, in bytes of brotli: docs/benchmarks.md says what was tried.
const LIMIT = 281_000;

export const LIMITS = { "engine.simd.wasm": LIMIT, "engine.relaxed.wasm": LIMIT };

/** Raw, gzip and brotli bytes of a file's content. */
export function measure(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

/** The files of pkg/dist that are measured, with their sizes; also written to target/sizes.json. */
export function measureAll() {
  const names = readdirSync(at("pkg", "dist")).filter((name) => /\.(wasm|js)$/.test(name));
  const sizes = Object.fromEntries(names.map((name) => [name, measure(readFileSync(at("pkg", "dist", name)))]));
  writeIfChanged(at("target", "sizes.json"), `${JSON.stringify(sizes, null, 2)}\n`);
  return sizes;
}

/** The sizes as a table for people. */
export function sizeTable(sizes) {
  const row = (name, ...columns) => name.padEnd(22) + columns.map((text) => String(text).padStart(10)).join("");
  const lines = Object.entries(sizes).map(([name, { raw, gzip, brotli }]) => {
    const limit = LIMITS[name];
    return row(name, raw, gzip, brotli) + (limit ? `   limit ${limit}` : "");
  });
  return [row("bytes", "raw", "gzip", "brotli"), ...lines].join("\n");
}

/** Throws when a file is missing or above its budget. */
export function checkSizes(sizes) {
  for (const [name, limit] of Object.entries(LIMITS)) {
    const found = sizes[name]?.brotli;
    if (found === undefined) throw new Explained(`${name} is not in pkg/dist: run npm run build`);
    if (found > limit) throw new Explained(`${name} has ${found} bytes as brotli, the budget is ${limit}`);
  }
}

if (isMain(import.meta.url)) {
  await main(() => {
    const sizes = measureAll();
    console.log(sizeTable(sizes));
    checkSizes(sizes);
  });
}
