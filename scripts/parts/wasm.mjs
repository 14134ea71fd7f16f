// The parts that run the Rust tests compiled to wasm: in Node without a browser, and in Chromium.
import { build as esbuild } from "esbuild";
import { readFileSync } from "node:fs";
import { COMMON } from "../bundles.mjs";
import { CHROMIUM_MISSING } from "../chromium.mjs";
import { relaxedFlags } from "../relaxed.mjs";
import { cargoEnvironment, VARIANTS } from "../wasm.mjs";
import { at, Explained, run } from "../workspace.mjs";

// Cargo splits a runner at blanks, so it cannot have the path of a clone; it runs in the folder of the crate.
const SCRIPTS = "../../scripts";

const KERNELS = ["-p", "sanderling-kernels"];
const ENGINE = ["-p", "sanderling-engine"];

/** The number of tests that passed, from the output of cargo test. */
export function passedTests(output) {
  return [...output.matchAll(/test result: ok\. (\d+) passed/g)].reduce((sum, match) => sum + Number(match[1]), 0);
}

// A run without a single test proves nothing, so it must not pass.
function requireTests(logPath, from, what) {
  const count = passedTests(readFileSync(logPath).subarray(from).toString());
  if (count === 0) throw new Explained(`${what}: not one test ran`);
  return `${what}: ${count} tests passed`;
}

async function cargoTest(args, env, { log, note }, what) {
  const start = log.bytesWritten;
  await run("cargo", ["test", "--no-fail-fast", ...args], { log, env: { CARGO_TERM_COLOR: "never", ...env } });
  await new Promise((resolve) => log.write("", resolve));
  note(requireTests(log.path, start, what));
}

async function wasmUnit(context) {
  const command = ["node", "--no-warnings", ...relaxedFlags(), `${SCRIPTS}/wasi-runner.mjs`].join(" ");
  const runner = { CARGO_TARGET_WASM32_WASIP1_RUNNER: command };
  // A panic ends the program there, and a captured message with it.
  const args = ["--lib", "--tests", "--target", "wasm32-wasip1", "--", "--no-capture"];
  // The kernels are different code for each feature set and have to show equal bits; the engine above them is the same.
  const scalar = { CARGO_ENCODED_RUSTFLAGS: "", CARGO_TARGET_DIR: at("target", "wasm-scalar") };
  await cargoTest([...KERNELS, ...args], { ...runner, ...scalar }, context, "kernels without simd128");
  for (const variant of Object.keys(VARIANTS)) {
    await cargoTest([...KERNELS, ...args], { ...runner, ...cargoEnvironment(variant) }, context, `kernels, ${variant}`);
  }
  await cargoTest([...ENGINE, ...args], { ...runner, ...cargoEnvironment("simd") }, context, "engine, simd");
}

/** The storages of TypeScript, where the tests of the bindings look for them. */
export async function bundleStorages() {
  await esbuild({ ...COMMON, entryPoints: ["pkg/src/indexeddb.ts"], outdir: at("crates", "wasm", "tests", "generated") });
}

// Both variants: the browser has relaxed SIMD where Node 20 has not.
async function wasmBrowser(context) {
  if (!context.chromium) throw new Explained(CHROMIUM_MISSING);
  const runner = {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: `node ${SCRIPTS}/browser-runner.mjs`,
    CHROME_PATH: context.chromium,
  };
  await bundleStorages();
  const args = ["-p", "sanderling-wasm", "--lib", "--tests", "--target", "wasm32-unknown-unknown"];
  for (const variant of Object.keys(VARIANTS)) {
    await cargoTest(args, { ...runner, ...cargoEnvironment(variant) }, context, variant);
  }
}

export const WASM_PARTS = [
  { name: "wasm-unit", run: wasmUnit },
  { name: "wasm-browser", run: wasmBrowser },
];
