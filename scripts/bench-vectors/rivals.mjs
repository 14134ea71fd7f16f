// The rivals in crates/bench/peers: each set is installed under target/ when it is first needed. What cannot be had here
// is left out with a line that says so.
import { at, run } from "../workspace.mjs";
import { Contender } from "./contender.mjs";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

// Installs once for each content of the file that lists what is needed.
async function install(folder, list, task) {
  const stamp = join(folder, "installed");
  const wanted = readFileSync(list, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  mkdirSync(folder, { recursive: true });
  await task();
  writeFileSync(stamp, wanted);
}

async function python() {
  const folder = at("target", "bench", "python");
  const list = join(HOME, "python", "requirements.txt");
  const program = join(folder, "bin", "python");
  await install(folder, list, async () => {
    await run("python3", ["-m", "venv", folder]);
    await run(program, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", list]);
  });
  const args = [join(HOME, "python", "peers.py")];
  return PYTHON.map((name) => ({ name, kind: "python", command: program, args: [...args, name] }));
}

async function rust() {
  const folder = at("target", "bench", "rust");
  const manifest = join(HOME, "rust", "Cargo.toml");
  await run("cargo", ["build", "--quiet", "--release", "--locked", "--manifest-path", manifest, "--target-dir", folder]);
  const program = join(folder, "release", "sanderling-bench-peers");
  return RUST.map((name) => ({ name, most: RUST_MOST, kind: "rust", command: program, args: [name] }));
}

async function node(runtime) {
  const folder = at("target", "bench", "node");
  await install(folder, join(HOME, "node", "package-lock.json"), async () => {
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(HOME, "node", file), join(folder, file));
    await run("npm", ["ci", "--silent", "--ignore-scripts"], { cwd: folder });
  });
  const args = [join(HOME, "node", "peers.mjs")];
  const packages = join(folder, "node_modules");
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
