// Checks what the build and the tests need and installs what is missing. Uses Node's own modules only: it
// runs before anything else is there. Each thing it does is one line; with nothing missing it says nothing.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CHROMIUM_MISSING, provideChromium } from "./chromium.mjs";
import { ask, at, Explained, isMain, main, run } from "./workspace.mjs";

const NODE_OLDEST = [20, 19];
const CARGO_FUZZ = "0.13.2";
const RUST_TARGETS = ["wasm32-unknown-unknown", "wasm32v1-none", "wasm32-wasip1"];

const say = (line) => console.log(`setup: ${line}`);

/** True when version `a.b` is at least `[a, b]`. */
export function isAtLeast(version, [major, minor]) {
  const [a, b] = version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}

function checkNode() {
  if (isAtLeast(process.versions.node, NODE_OLDEST)) return;
  throw new Explained(`Node ${NODE_OLDEST.join(".")} or newer is needed, this is ${process.versions.node}`);
}

/** The first `key = "value"` of a TOML text. */
export function tomlText(text, key) {
  return new RegExp(`^${key}\\s*=\\s*"([^"]+)"`, "m").exec(text)?.[1];
}

function checkRust() {
  const version = /^rustc (\d+\.\d+)/.exec(ask("rustc", ["--version"]) ?? "")?.[1];
  if (!version || ask("cargo", ["--version"]) === undefined) {
    throw new Explained("Rust is missing: install it with rustup, see rust-lang.org/tools/install, then run this again");
  }
  const oldest = tomlText(readFileSync(at("Cargo.toml"), "utf8"), "rust-version");
  if (!isAtLeast(version, oldest.split(".").map(Number))) {
    throw new Explained(`Rust ${oldest} or newer is needed, this is ${version}: run rustup update`);
  }
}

// A Rust without a linker installs, but compiles nothing.
async function provideLinker() {
  const present = () => process.platform === "win32" || ask("cc", ["--version"]) !== undefined;
  if (present()) return;
  if (process.getuid?.() === 0 && ask("apt-get", ["--version"]) !== undefined) {
    say("installing a C linker (gcc) with apt-get");
    await run("apt-get", ["update", "-qq"]);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "gcc", "libc6-dev"]);
  }
  if (!present()) throw new Explained("no C linker (cc): install gcc, on Debian apt-get install gcc libc6-dev");
}

async function provideTargets() {
  const libraries = join(ask("rustc", ["--print", "sysroot"]), "lib", "rustlib");
  const missing = RUST_TARGETS.filter((target) => !existsSync(join(libraries, target, "lib")));
  if (missing.length === 0) return;
  say(`adding Rust targets ${missing.join(" ")}`);
  await run("rustup", ["target", "add", ...missing]);
}

async function provideComponents() {
  const missing = ["clippy", "fmt"].filter((name) => ask(`cargo-${name}`, ["--version"]) === undefined);
  if (missing.length === 0) return;
  const components = missing.map((name) => (name === "fmt" ? "rustfmt" : name));
  say(`adding Rust components ${components.join(" ")}`);
  await run("rustup", ["component", "add", ...components]);
}

const matches = (list, value) =>
  !list || list.includes(value) || (list.every((entry) => entry.startsWith("!")) && !list.includes(`!${value}`));

// npm leaves out the optional packages of other machines and whatever only those need. So of the absent ones
// only those are missed that name this very machine; libc is npm's to judge.
const isForThisMachine = ({ os, cpu, libc }) =>
  os && cpu && !libc && matches(os, process.platform) && matches(cpu, process.arch);

/** The names of packages that `installed` (npm's own record of node_modules) lacks or has in another version. */
export function outdatedPackages(lock, installed) {
  return Object.entries(lock.packages)
    .filter(([name, entry]) => name.startsWith("node_modules/") || entry.link)
    .filter(([name, entry]) => {
      const found = installed.packages[name];
      if (!found) return entry.optional ? isForThisMachine(entry) : true;
      return found.version !== entry.version || found.integrity !== entry.integrity;
    })
    .map(([name]) => name);
}

function npmPackagesAreCurrent() {
  const record = at("node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const lock = JSON.parse(readFileSync(at("package-lock.json"), "utf8"));
  const installed = JSON.parse(readFileSync(record, "utf8"));
  const folders = Object.keys(installed.packages).filter((name) => name.startsWith("node_modules/"));
  return outdatedPackages(lock, installed).length === 0 && folders.every((folder) => existsSync(at(folder)));
}

async function provideNpmPackages() {
  if (npmPackagesAreCurrent()) return;
  say("installing npm packages");
  // No package here needs its install script: the binaries come as optional packages.
  // On stderr, and without the options of an npm that runs this script: `npm pack --json` answers on stdout.
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-json", "--no-dry-run", "--loglevel", "error"];
  await run("npm", ["ci", ...options], { log: process.stderr });
}

/** The version of a package in the text of a Cargo.lock. */
export function lockedVersion(cargoLock, name) {
  return new RegExp(`name = "${name}"\nversion = "([^"]+)"`).exec(cargoLock)?.[1];
}

// --debug halves the time and the tools stay quick enough.
const intoTools = (version) => ["--version", version, "--root", at(".tools"), "--debug", "--quiet"];

async function provideWasmBindgen() {
  const version = lockedVersion(readFileSync(at("Cargo.lock"), "utf8"), "wasm-bindgen");
  const tools = ["wasm-bindgen", "wasm-bindgen-test-runner"];
  const isRight = (tool) => ask(tool, ["--version"])?.split(" ").at(-1) === version;
  if (tools.every(isRight)) return;
  say(`installing wasm-bindgen-cli ${version} into .tools (some minutes, once)`);
  // Not --locked: the lock file that the crate was published with names a version that is gone from the registry.
  await run("cargo", ["install", "wasm-bindgen-cli", ...intoTools(version)]);
  if (!tools.every(isRight)) throw new Explained(`wasm-bindgen ${version} was installed but does not run`);
}

/**
 * Brings what cargo fuzz needs: a nightly Rust, a C++ compiler for its runtime, and itself. Answers what cannot be had, if
 * anything: the tests that want it do with less then.
 */
export async function provideFuzzer() {
  const hasNightly = () => ask("rustc", ["+nightly", "--version"]) !== undefined;
  const hasFuzz = () => ask("cargo-fuzz", ["--version"])?.endsWith(` ${CARGO_FUZZ}`);
  const hasCompiler = () => ask("c++", ["--version"]) !== undefined;
  const steps = [
    [hasNightly, "a nightly Rust", "rustup", ["toolchain", "install", "nightly", "--profile", "minimal"]],
    [hasCompiler, "a C++ compiler", "apt-get", ["install", "-y", "-qq", "--no-install-recommends", "g++"]],
    [hasFuzz, `cargo-fuzz ${CARGO_FUZZ}`, "cargo", ["install", "cargo-fuzz", ...intoTools(CARGO_FUZZ)]],
  ];
  for (const [isThere, name, command, args] of steps) {
    if (isThere()) continue;
    say(`installing ${name} with ${command}`);
    await run(command, args).catch(() => {});
    if (!isThere()) return `${name} is missing and could not be installed`;
  }
  return undefined;
}

/**
 * Brings everything the build needs; with `forTests` what the tests need too. Answers the path of Chromium, if
 * there is one: the parts of the tests that need it fail by name without it, the others still run.
 */
export async function setup({ forTests = false } = {}) {
  checkNode();
  checkRust();
  await provideLinker();
  await provideTargets();
  await provideNpmPackages();
  await provideWasmBindgen();
  if (!forTests) return {};
  await provideComponents();
  const chromium = await provideChromium(say);
  if (!chromium) say(CHROMIUM_MISSING);
  return { chromium };
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { chromium } = await setup({ forTests: !process.argv.includes("--build-only") });
    say(`everything is there${chromium ? `, Chromium is ${chromium}` : ""}`);
  });
}
