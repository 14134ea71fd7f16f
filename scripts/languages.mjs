// Builds the wasm file of each language, which the package loads when a schema names it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blankPanicPlaces } from "./panic-places.mjs";
import { at, Explained, run } from "./workspace.mjs";
import { BASELINE, cargoEnvironment, checkModule, OPTIMISE } from "./wasm.mjs";

/** The languages with a file of their own: those of the crate. English is in the engine. */
export const LANGUAGES = readFileSync(at("crates", "languages", "Cargo.toml"), "utf8")
  .split("\n")
  .flatMap((line) => /^([a-z]+) = \[\]$/.exec(line)?.[1] ?? []);

// Linking one takes seconds in which a single core works, so two are made side by side, each in a target folder of its own.
const LANES = 2;

const output = (language) => at("pkg", "dist", `language.${language}.wasm`);

// What the files depend on, beside the engine's few constants: cargo is not asked for each, since it keeps one output for all.
function fingerprint() {
  const hash = createHash("sha256");
  const sources = at("crates", "languages", "src");
  const files = readdirSync(sources).sort().map((name) => join(sources, name));
  const others = ["Cargo.lock", "Cargo.toml", "crates/languages/Cargo.toml", "crates/engine/src/limits.rs"];
  for (const name of [...others, "scripts/wasm.mjs", "scripts/languages.mjs", "scripts/panic-places.mjs"]) files.push(at(name));
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}

async function buildLanguage(language, folder, log) {
  const built = (...parts) => join(folder, "wasm32-unknown-unknown", "wasm", ...parts, "sanderling_languages.wasm");
  // Cargo takes the file of the language before for this one's.
  for (const file of [built(), built("deps")]) rmSync(file, { force: true });
  const what = ["-p", "sanderling-languages", "--crate-type", "cdylib"];
  const features = ["--no-default-features", "--features", `module,${language}`];
  const target = ["--profile", "wasm", "--target", "wasm32-unknown-unknown"];
  // Stemmers need little of the stack, of which the usual megabyte would be kept for each language.
  const env = cargoEnvironment("plain", ["-Clink-arg=-zstack-size=65536"], folder);
  await run("cargo", ["rustc", "--quiet", ...what, ...features, ...target], { env, log });
  const strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
  await run("wasm-opt", [...OPTIMISE, ...BASELINE, ...strip, built(), "-o", output(language)], { log });
  const bytes = readFileSync(output(language));
  blankPanicPlaces(bytes);
  writeFileSync(output(language), bytes);
  checkModule(output(language));
  if (WebAssembly.Module.imports(new WebAssembly.Module(bytes)).length > 0) throw new Explained(`${language} imports something`);
}

/** Builds pkg/dist/language.*.wasm. */
export async function buildLanguages(log) {
  const stampFile = at("target", "languages", "stamp");
  const stamp = fingerprint();
  const isCurrent = existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (isCurrent && LANGUAGES.every((language) => existsSync(output(language)))) return;
  mkdirSync(at("pkg", "dist"), { recursive: true });
  const waiting = [...LANGUAGES];
  const lane = async (number) => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await buildLanguage(next, at("target", "languages", String(number)), log);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
  writeFileSync(stampFile, stamp);
}
