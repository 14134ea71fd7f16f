// Nanoseconds for each vector of every kernel, natively and in both kinds of wasm: `npm run bench:kernels`. With names,
// `npm run bench:kernels -- dot_i8 fast_scan`, only kernels whose name has one of them.
import { cargoEnvironment, VARIANTS } from "./wasm.mjs";
import { ask, at, environment, Explained, isMain, main, run } from "./workspace.mjs";
import { relaxedFlags } from "./relaxed.mjs";
import { execFileSync } from "node:child_process";

const BUILD = ["build", "--quiet", "-p", "sanderling-bench", "--bin", "kernels"];

/** The lines of the program as `{ kernel, backend, dimensions, minimum, median }`. */
function parse(output) {
  return output.trim().split("\n").map((line) => {
    const [kernel, backend, dimensions, minimum, median] = line.split(" ");
    return { kernel, backend, dimensions, minimum: Number(minimum), median: Number(median) };
  });
}

const measure = (command, args) => parse(execFileSync(command, args, { encoding: "utf8", env: environment() }));

async function native(names) {
  await run("cargo", [...BUILD, "--release"]);
  const folder = process.env.CARGO_TARGET_DIR ?? at("target");
  return measure(`${folder}/release/kernels`, names);
}

// With the profile of the package, so that the kernels are compiled as they are shipped.
async function wasm(variant, names) {
  const env = cargoEnvironment(variant);
  await run("cargo", [...BUILD, "--profile", "wasm", "--target", "wasm32-wasip1"], { env });
  const program = `${env.CARGO_TARGET_DIR}/wasm32-wasip1/wasm/kernels.wasm`;
  const flags = variant === "relaxed" ? relaxedFlags() : [];
  const results = measure("node", ["--no-warnings", ...flags, at("scripts", "wasi-runner.mjs"), program, ...names]);
  return results.filter(({ backend }) => backend !== "portable");
}

/** One line for each kernel and number of dimensions: every backend, and each wasm beside the fastest native one. */
export function table(results) {
  const backends = [...new Set(results.map(({ backend }) => backend))];
  const isWasm = (backend) => backend === "simd128" || backend === "relaxed";
  const row = (name, cells) => name.padEnd(28) + cells.map((cell) => String(cell).padStart(19)).join("");
  const lines = [row("ns: minimum (median)", [...backends, ...backends.filter(isWasm).map((name) => `${name} / best`)])];
  for (const { kernel, dimensions } of results.filter(({ backend }) => backend === backends[0])) {
    const found = (wanted) =>
      results.find((one) => one.kernel === kernel && one.dimensions === dimensions && one.backend === wanted);
    const best = Math.min(...backends.filter((name) => !isWasm(name)).map((name) => found(name).minimum));
    const times = backends.map(found).map(({ minimum, median }) => `${minimum} (${median})`);
    const ratios = backends.filter(isWasm).map((name) => (found(name).minimum / best).toFixed(2));
    lines.push(row(`${kernel} ${dimensions}`, [...times, ...ratios]));
  }
  return lines.join("\n");
}

async function bench(names) {
  const results = await native(names);
  for (const variant of Object.keys(VARIANTS)) results.push(...(await wasm(variant, names)));
  if (results.length === 0) throw new Explained(`no kernel is called ${names.join(" or ")}`);
  console.log(`node ${ask("node", ["--version"])}, ${ask("rustc", ["--version"])}`);
  console.log(table(results));
}

if (isMain(import.meta.url)) await main(() => bench(process.argv.slice(2)));
