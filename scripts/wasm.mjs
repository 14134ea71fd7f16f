// Builds the two wasm files of the package and the one JavaScript glue that serves both.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { blankPanicPlaces } from "./panic-places.mjs";
import { ask, at, Explained, ROOT, run, writeIfChanged } from "./workspace.mjs";

/** One relaxed opcode makes a whole module invalid where it is unsupported: hence two files. */
export const VARIANTS = {
  simd: { rust: "+simd128", binaryen: ["--enable-simd"] },
  relaxed: { rust: "+simd128,+relaxed-simd", binaryen: ["--enable-simd", "--enable-relaxed-simd"] },
};

// Size first: rustc optimises the kernels for speed on its own (profile `wasm`). Nothing is read or written below address
// 1,024 but by a stack that has run out, so an address may be put together within the instruction. Functions with similar
// names have similar code, and compress better side by side.
export const OPTIMISE = ["--low-memory-unused", "-Oz", "--reorder-functions-by-name"];
// What rustc enables by default for wasm32; every host of the package has these.
export const BASELINE = [
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-multivalue",
  "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int",
  "--enable-reference-types",
  "--enable-sign-ext",
];

const CARGO_HOME = process.env.CARGO_HOME ?? join(homedir(), ".cargo");

/** The cargo target folder of a variant: one each, so that both keep their incremental state. */
export const targetFolder = (variant) => at("target", `wasm-${variant}`);

/**
 * The compiler flags of a variant, or of a "plain" build, as environment variables for cargo. The prefixes keep the paths of this
 * machine out of the file: panics carry source locations. Both variants get the same prefixes and differ in
 * target features alone, which are no part of the symbol hashes, so their glue comes out identical.
 */
export function cargoEnvironment(variant, more = [], target = targetFolder(variant)) {
  const sysroot = ask("rustc", ["--print", "sysroot"]);
  const commit = /commit-hash: (\w+)/.exec(ask("rustc", ["-vV"]))?.[1];
  const flags = [
    ...(variant === "plain" ? [] : [`-Ctarget-feature=${VARIANTS[variant].rust}`]),
    ...more,
    `--remap-path-prefix=${CARGO_HOME}=cargo`,
    `--remap-path-prefix=${join(sysroot, "lib", "rustlib", "src", "rust")}=/rustc/${commit}`,
    `--remap-path-prefix=${ROOT}=sanderling`,
  ];
  // The encoded form, because a path may contain a space.
  return { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"), CARGO_TARGET_DIR: target };
}

async function compile(variant, log) {
  // As a cdylib alone: cargo leaves out the optimisation at link time, without a word, for a crate that is an rlib too.
  const what = ["-p", "sanderling-wasm", "--features", "standalone", "--crate-type", "cdylib"];
  const args = ["rustc", "--quiet", ...what, "--profile", "wasm", "--target", "wasm32-unknown-unknown"];
  await run("cargo", args, { env: cargoEnvironment(variant), log });
  return join(targetFolder(variant), "wasm32-unknown-unknown", "wasm", "sanderling_wasm.wasm");
}

// What the outputs of a variant depend on, beside the scripts' own text.
function fingerprint(input) {
  const hash = createHash("sha256").update(readFileSync(input));
  for (const script of ["wasm.mjs", "panic-places.mjs", "build.mjs"]) hash.update(readFileSync(at("scripts", script)));
  return hash.update(ask("wasm-bindgen", ["--version"])).update(ask("wasm-opt", ["--version"])).digest("hex");
}

async function bind(input, folder, log) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const options = ["--target", "web", "--omit-default-module-path", "--out-name", "engine", "--out-dir", folder];
  await run("wasm-bindgen", [...options, input], { log });
}

async function buildVariant(variant, log) {
  const input = await compile(variant, log);
  const folder = join(targetFolder(variant), "bindgen");
  const output = at("pkg", "dist", `engine.${variant}.wasm`);
  const stampFile = join(folder, "stamp");
  const stamp = fingerprint(input);
  const isCurrent = existsSync(output) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (!isCurrent) {
    await bind(input, folder, log);
    mkdirSync(at("pkg", "dist"), { recursive: true });
    const features = [...BASELINE, ...VARIANTS[variant].binaryen];
    const optimised = join(folder, "engine_optimised.wasm");
    const flags = [...OPTIMISE, ...features, "--strip-producers"];
    await run("wasm-opt", [...flags, join(folder, "engine_bg.wasm"), "-o", optimised], { log });
    shortenNames(folder, optimised, output, features);
    const bytes = readFileSync(output);
    if (blankPanicPlaces(bytes) === 0) throw new Explained(`${output} has no places of panics: look at panic-places.mjs`);
    writeFileSync(output, bytes);
    writeFileSync(stampFile, stamp);
  }
  // The relaxed file is expected to be invalid in Node 20, which has no relaxed SIMD.
  checkModule(output, variant !== "relaxed");
  return folder;
}

// What a wasm file takes from its glue and gives to it has long names with hashes, which hardly compress. wasm-opt puts short
// names in their place and prints which; the glue follows.
function shortenNames(folder, input, output, features) {
  const table = ask("wasm-opt", [...features, "--minify-imports-and-exports-and-modules", input, "-o", output]);
  if (table === undefined) throw new Explained(`wasm-opt could not shorten the names of ${input}`);
  const { imports, exports } = JSON.parse(table);
  const short = new Map([...imports.map(([, name, shorter]) => [name, shorter]), ...exports]);
  const replace = (whole, before, name, after) => (short.has(name) ? before + short.get(name) + after : whole);
  for (const [file, names] of [
    ["engine.js", [/^( {8})(\w+)(: function\()/gm, /(\bwasm\.)(\w+)()/g]],
    ["engine.d.ts", [/^( {4}readonly )(\w+)(: )/gm]],
  ]) {
    let text = readFileSync(join(folder, file), "utf8").replace('"./engine_bg.js"', '"a"');
    for (const name of names) text = text.replaceAll(name, replace);
    writeFileSync(join(folder, file), text);
  }
}

/** Throws when a wasm file is none, or tells of this machine. */
export function checkModule(file, mustValidate = true) {
  const bytes = readFileSync(file);
  if (mustValidate && !WebAssembly.validate(bytes)) throw new Explained(`${file} is not a valid module`);
  const found = [ROOT, CARGO_HOME].find((folder) => bytes.includes(`${folder}/`));
  if (found) throw new Explained(`${file} contains paths of this machine: ${found}`);
}

/** Builds pkg/dist/engine.{simd,relaxed}.wasm and pkg/generated/engine.{js,d.ts}. */
export async function buildWasm(log) {
  const folders = [];
  for (const variant of Object.keys(VARIANTS)) folders.push(await buildVariant(variant, log));
  for (const name of ["engine.js", "engine.d.ts"]) {
    const [first, second] = folders.map((folder) => readFileSync(join(folder, name)));
    if (!first.equals(second)) {
      const where = folders.map((folder) => join(folder, name)).join(" and ");
      throw new Explained(`the glue of the two wasm files differs, but the package ships one: compare ${where}`);
    }
    writeIfChanged(at("pkg", "generated", name), first);
  }
}
