// The parts that check the Rust sources on this machine.
import { cargoEnvironment, VARIANTS } from "../wasm.mjs";
import { ask, at, run } from "../workspace.mjs";
import { bundleStorages } from "./wasm.mjs";

export const cargo = (args, log, env) => run("cargo", args, { log, env: { CARGO_TERM_COLOR: "never", ...env } });
// The bindings exist for wasm32 alone: they are checked for that target and tested in the browser.
const NATIVE = ["--workspace", "--exclude", "sanderling-wasm"];
const BINDINGS = ["-p", "sanderling-wasm", "--target", "wasm32-unknown-unknown"];
const LANGUAGE_FILE = ["-p", "sanderling-languages", "--no-default-features", "--features", "module,german"];
const DENY_WARNINGS = ["--", "-D", "warnings"];

// The kernels choose their backend by target feature: each wasm file is its own code.
async function clippy({ log }) {
  await cargo(["clippy", ...NATIVE, "--all-targets", ...DENY_WARNINGS], log);
  await bundleStorages();
  const args = ["clippy", ...BINDINGS, "--all-targets"];
  await cargo(["clippy", ...LANGUAGE_FILE, "--target", "wasm32-unknown-unknown", ...DENY_WARNINGS], log);
  for (const variant of Object.keys(VARIANTS)) await cargo([...args, ...DENY_WARNINGS], log, cargoEnvironment(variant));
}

// With the private items: their comments are for those who work here, and links to them must resolve too.
async function docs({ log }) {
  const args = ["doc", "--no-deps", "--document-private-items"];
  // rustdoc warns of links to private items even where it documents them.
  const deny = { RUSTDOCFLAGS: "-D warnings -A rustdoc::private-intra-doc-links" };
  await cargo([...args, ...NATIVE], log, deny);
  await cargo([...args, ...BINDINGS], log, deny);
}

// The engine alone, then a program that links it: a library may compile and still lack a symbol.
async function noStd({ log }) {
  const target = ["--target", "wasm32v1-none"];
  await cargo(["build", "-p", "sanderling-engine", ...target], log);
  await cargo(["build", "-p", "sanderling-no-std-probe", ...target], log);
}

async function native({ log }) {
  if (ask("cargo", ["nextest", "--version"]) !== undefined) {
    const isTidy = "package(sanderling-testkit) and binary(tidy)";
    await cargo(["nextest", "run", ...NATIVE, "--no-fail-fast", "-E", `not (${isTidy})`], log);
  } else {
    await cargo(["test", ...NATIVE, "--all-targets", "--no-fail-fast"], log);
  }
  await cargo(["test", ...NATIVE, "--doc"], log);
  // Segments made side by side have the bytes of the others, and of the fixtures.
  await cargo(["test", "-p", "sanderling-engine", "--features", "parallel", "--test", "parallel"], log);
  await cargo(["test", "-p", "sanderling", "--features", "parallel", "--test", "turns", "--test", "database"], log);
  const fixtures = ["-p", "sanderling-testkit", "--features", "sanderling/parallel", "--test", "fixtures"];
  await cargo(["test", ...fixtures], log);
}

// Whoever runs into an order of steps that loom finds waits for ever or reads a torn value: it takes a build of its own.
async function loom({ log }) {
  const env = { RUSTFLAGS: "--cfg loom", CARGO_TARGET_DIR: at("target", "loom"), LOOM_MAX_PREEMPTIONS: "3" };
  await cargo(["test", "-p", "sanderling", "--lib", "--release", "loomed"], log, env);
}

export const RUST_PARTS = [
  { name: "fmt", run: ({ log }) => cargo(["fmt", "--all", "--check"], log) },
  { name: "tidy", run: ({ log }) => cargo(["test", "-p", "sanderling-testkit", "--test", "tidy"], log) },
  { name: "clippy", run: clippy },
  { name: "docs", run: docs },
  { name: "no_std", run: noStd },
  { name: "native", run: native },
  { name: "loom", run: loom },
];
