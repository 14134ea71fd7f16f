// The rivals in crates/bench/peers: each set is installed under target/ when it is first needed. What cannot be had here
// is left out with a line that says so.
import { ask, at, run } from "../workspace.mjs";
import { Contender } from "./contender.mjs";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const HOME = at("crates", "bench", "peers");
const PYTHON = ["hnswlib", "rabitq-symqg", "rabitq-hnsw", "faiss-hnsw", "faiss-hnsw-sq8", "faiss-ivf-pq", "usearch"];

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

const GROUPS = { python };

/** Every rival that can run here; `skip` is told of the others. */
export async function findRivals(skip) {
  const found = [];
  for (const [group, find] of Object.entries(GROUPS)) {
    try {
      found.push(...(await find()));
    } catch (error) {
      skip(`the ${group} rivals: ${error.message}`);
    }
  }
  return found;
}

/** The contenders for a prepared set. Built indexes are kept beside it. */
export const rivalsFor = (rivals, folder) =>
  rivals.map(({ name, kind, command, args, env }) => {
    const program = { command, args: [...args, folder, join(folder, kind)], env };
    return new Contender(name, kind, program);
  });
