// Rivals of the browser, in Node: builds one of them over a prepared set, then measures a round for each line of the input.
//
// peers.mjs NAME FOLDER PACKAGES: FOLDER has base.f32, queries.f32 and truth.u32, PACKAGES the node_modules. Prints records
// as lines of JSON: `built`, and for each line of the input a `round` for every setting and `done`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const DIMENSIONS = 384;
const WANTED = 10;
const DEGREE = 16;
const BUILD_DEPTH = 200;

const [name, folder, packages] = process.argv.slice(2);
const load = (...path) => import(pathToFileURL(join(packages, ...path)).href);
const compiled = (...path) => WebAssembly.compile(readFileSync(join(packages, ...path)));

// It is built for a page: its file system asks for IndexedDB, which nothing here uses.
async function hnswlib() {
  globalThis.window = globalThis;
  globalThis.document ??= { currentScript: undefined };
  globalThis.indexedDB ??= {};
  const path = join("hnswlib-wasm", "dist");
  const module = readdirSync(join(packages, path)).find((file) => /^hnswlib-\w+\.js$/.test(file));
  const library = await (await load(path, module)).default();
  const index = new library.HierarchicalNSW("ip", DIMENSIONS, "");
  return {
    settings: [32, 48, 64, 96, 128, 200],
    build(vectors) {
      index.initIndex(vectors.length, DEGREE, BUILD_DEPTH, 1);
      index.addPoints(vectors, [...vectors.keys()], false);
    },
    set: (ef) => index.setEfSearch(ef),
    search: (query) => index.searchKnn(query, WANTED, undefined).neighbors,
  };
}

// The depth of the search is fixed with the index.
async function edgevec() {
  const library = await load("edgevec", "edgevec.js");
  await library.default({ module_or_path: await compiled("edgevec", "edgevec_bg.wasm") });
  const config = new library.EdgeVecConfig(DIMENSIONS);
  config.m = DEGREE;
  config.m0 = 2 * DEGREE;
  config.ef_construction = BUILD_DEPTH;
  config.ef_search = 64;
  const index = new library.EdgeVec(config);
  let first;
  return {
    settings: [64],
    build(vectors) {
      // It numbers the vectors itself.
      for (const vector of vectors) {
        const number = index.insert(vector);
        first ??= number;
      }
    },
    set() {},
    search: (query) => index.search(query, WANTED).map(({ id }) => id - first),
  };
}

async function voy() {
  const glue = await load("voy-search", "voy_search_bg.js");
  const module = await compiled("voy-search", "voy_search_bg.wasm");
  const instance = await WebAssembly.instantiate(module, { "./voy_search_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  let index;
  return {
    settings: [0],
    build(vectors) {
      const embeddings = vectors.map((vector, at) => ({ id: String(at), title: "", url: "", embeddings: [...vector] }));
      index = new glue.Voy({ embeddings });
    },
    set() {},
    search: (query) => index.search(query, WANTED).neighbors.map(({ id }) => Number(id)),
  };
}

async function orama() {
  const library = await load("@orama", "orama", "dist", "esm", "index.js");
  const database = library.create({ schema: { vector: `vector[${DIMENSIONS}]` } });
  return {
    settings: [0],
    async build(vectors) {
      const documents = vectors.map((vector, at) => ({ id: String(at), vector: [...vector] }));
      await library.insertMultiple(database, documents, vectors.length);
    },
    set() {},
    async search(query) {
      const vector = { value: query, property: "vector" };
      const { hits } = await library.search(database, { mode: "vector", vector, similarity: 0, limit: WANTED });
      return hits.map(({ id }) => Number(id));
    },
  };
}

const PEERS = { "hnswlib-wasm": ["hnswlib-wasm", hnswlib], edgevec: ["edgevec", edgevec], voy: ["voy-search", voy], orama: ["@orama/orama", orama] };

const say = (record) => console.log(JSON.stringify(record));

function read(file, type) {
  const bytes = readFileSync(join(folder, file));
  return new type(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

const rows = (values, length) =>
  Array.from({ length: values.length / length }, (_, at) => values.subarray(at * length, (at + 1) * length));

async function measure(peer, queries, truth) {
  for (const setting of peer.settings) {
    peer.set(setting);
    const us = [];
    let hits = 0;
    for (const [at, query] of queries.entries()) {
      const start = performance.now();
      let found = peer.search(query);
      // A call that answers at once is not made to wait.
      if (found instanceof Promise) found = await found;
      us.push(Math.round((performance.now() - start) * 1e5) / 100);
      hits += found.filter((row) => truth[at].includes(row)).length;
    }
    const recall = hits / (queries.length * WANTED);
    say({ kind: "round", setting: setting === 0 ? "default" : `ef ${setting}`, recall, us });
  }
}

async function main() {
  const [from, open] = PEERS[name];
  const { version } = JSON.parse(readFileSync(join(packages, from, "package.json"), "utf8"));
  const peer = await open();
  const vectors = rows(read("base.f32", Float32Array), DIMENSIONS);
  const [start, work] = [performance.now(), process.cpuUsage()];
  await peer.build(vectors);
  const seconds = (performance.now() - start) / 1e3;
  const { user, system } = process.cpuUsage(work);
  say({ kind: "built", index: name, version, rows: vectors.length, build_seconds: seconds, build_cpu_seconds: (user + system) / 1e6 });
  const queries = rows(read("queries.f32", Float32Array), DIMENSIONS);
  const truth = rows(read("truth.u32", Uint32Array), WANTED);
  for await (const _ of createInterface({ input: process.stdin })) {
    await measure(peer, queries, truth);
    say({ kind: "done" });
  }
}

await main();
