// Our own contenders: the same program natively and in both kinds of wasm.
import { cargoEnvironment, VARIANTS } from "../wasm.mjs";
import { at, Explained, run } from "../workspace.mjs";
import { Contender } from "../bench/contender.mjs";
import { nodeVersion } from "../bench/data.mjs";
import { relative } from "node:path";

const BUILD = ["build", "--quiet", "-p", "sanderling-bench", "--bin", "vectors"];
/** The first major version of Node that has relaxed SIMD without a flag. */
const RELAXED_SINCE = 22;

/** Builds the native program and returns its path. */
export async function buildNative() {
  await run("cargo", [...BUILD, "--release"]);
  return `${process.env.CARGO_TARGET_DIR ?? at("target")}/release/vectors`;
}

// With the profile of the package, so that the code is what is shipped.
async function buildWasm(variant) {
  const env = cargoEnvironment(variant);
  await run("cargo", [...BUILD, "--profile", "wasm", "--target", "wasm32-wasip1"], { env });
  return `${env.CARGO_TARGET_DIR}/wasm32-wasip1/wasm/vectors.wasm`;
}

/** The compiled programs: native, and both kinds of wasm for that Node unless only `native` is wanted. */
export async function buildOurs(node, isNativeOnly) {
  const programs = { native: await buildNative(), wasm: [], node };
  if (isNativeOnly) return programs;
  const found = nodeVersion(node);
  if (found === undefined) throw new Explained(`${node} is no Node`);
  for (const variant of Object.keys(VARIANTS)) {
    const flags = variant === "relaxed" && found.major < RELAXED_SINCE ? ["--experimental-wasm-relaxed-simd"] : [];
    const module = await buildWasm(variant);
    programs.wasm.push({ variant, command: node, args: ["--no-warnings", ...flags, at("scripts", "wasi-runner.mjs"), module] });
  }
  return programs;
}

/** Ours for a prepared set. */
export function ours(programs, folder, indexes) {
  const options = (path, index) => ["--prepared", path, "--index", index, "--serve", "--json"];
  const contenders = indexes.map((index) => {
    const program = { command: programs.native, args: options(folder, index) };
    return new Contender(`ours, ${index}`, "native", program);
  });
  for (const { variant, command, args } of programs.wasm) {
    // The runner shows it the clone as its root.
    const program = { command, args: [...args, ...options(`/${relative(at(), folder)}`, "auto")] };
    contenders.push(new Contender(`ours, wasm ${variant}`, "wasm", program));
  }
  if (programs.wasm.length > 0) contenders.push(...throughPackage(programs.node, folder));
  return contenders;
}

// What a user of the package has, in Node and in a page.
const throughPackage = (node, folder) =>
  [
    ["ours, package in Node", node, "package-in-node.mjs"],
    ["ours, package in Chromium", "node", "package-in-chromium.mjs"],
  ].map(([name, command, script]) => new Contender(name, "package", { command, args: [at("scripts", "bench-vectors", script), folder] }));
