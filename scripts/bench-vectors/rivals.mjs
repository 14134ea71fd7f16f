// The rivals in crates/bench/peers: each set is installed under target/ when it is first needed. What cannot be had here
// is left out with a line that says so.
import { packagesOf, program, pythonWith } from "../bench/install.mjs";
import { at } from "../workspace.mjs";
import { Contender } from "../bench/contender.mjs";
import { join } from "node:path";

const HOME = at("crates", "bench", "peers");
const PYTHON = ["hnswlib", "rabitq-symqg", "rabitq-hnsw", "faiss-hnsw", "faiss-hnsw-sq8", "faiss-ivf-pq", "usearch"];
const RUST = ["hnsw_rs", "vecstore", "iqdb-hnsw", "iqdb-flat"];
// With more vectors than so many a build or a search takes too long for a benchmark.
const RUST_MOST = 10_000;
const NODE = [
  { name: "hnswlib-wasm", most: 50_000 },
  { name: "edgevec", most: 10_000 },
  { name: "voy", most: 10_000 },
  { name: "orama", most: 10_000 },
];

async function python() {
  const command = await pythonWith(at("target", "bench", "python"), join(HOME, "python", "requirements.txt"));
  const args = [join(HOME, "python", "peers.py")];
  return PYTHON.map((name) => ({ name, kind: "python", command, args: [...args, name] }));
}

async function rust() {
  const command = await program(join(HOME, "rust"), at("target", "bench", "rust"), "sanderling-bench-peers");
  return RUST.map((name) => ({ name, most: RUST_MOST, kind: "rust", command, args: [name] }));
}

async function node(runtime) {
  const packages = await packagesOf(join(HOME, "node"), at("target", "bench", "node"));
  const args = [join(HOME, "node", "peers.mjs")];
  return NODE.map(({ name, most }) => ({ name, most, kind: "node", command: runtime, args: [...args, name], cache: packages }));
}

const GROUPS = { python, rust, node };

/** Every rival that can run here, those of Node in that one; `skip` is told of the others. */
export async function findRivals(groups, runtime, skip) {
  const found = [];
  for (const group of groups) {
    try {
      found.push(...(await GROUPS[group](runtime)));
    } catch (error) {
      skip(`the ${group} rivals: ${error.message}`);
    }
  }
  return found;
}

/** The contenders for a prepared set. Built indexes are kept beside it. */
export const rivalsFor = (rivals, folder) =>
  rivals.map(({ name, kind, most, command, args, cache = join(folder, kind) }) =>
    Object.assign(new Contender(name, kind, { command, args: [...args, folder, cache] }), { most }),
  );
