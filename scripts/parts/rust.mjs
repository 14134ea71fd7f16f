// The parts that check the Rust sources on this machine.
import { cargoEnvironment, VARIANTS } from "../wasm.mjs";
import { ask, run } from "../workspace.mjs";

const cargo = (args, log, env) => run("cargo", args, { log, env: { CARGO_TERM_COLOR: "never", ...env } });
const DENY_WARNINGS = ["--", "-D", "warnings"];

// The kernels choose their backend by target feature: each wasm file is its own code.
async function clippy({ log }) {
  await cargo(["clippy", "--workspace", "--all-targets", ...DENY_WARNINGS], log);
  const args = ["clippy", "-p", "sanderling-wasm", "--all-targets", "--target", "wasm32-unknown-unknown"];
  for (const variant of Object.keys(VARIANTS)) await cargo([...args, ...DENY_WARNINGS], log, cargoEnvironment(variant));
}

// With the private items: their comments are for those who work here, and links to them must resolve too.
const docs = ({ log }) =>
  cargo(["doc", "--workspace", "--no-deps", "--document-private-items"], log, { RUSTDOCFLAGS: "-D warnings" });

// The engine alone, then a program that links it: a library may compile and still lack a symbol.
async function noStd({ log }) {
  const target = ["--target", "wasm32v1-none"];
  await cargo(["build", "-p", "sanderling-engine", ...target], log);
  await cargo(["build", "-p", "sanderling-no-std-probe", ...target], log);
}

async function native({ log }) {
  if (ask("cargo", ["nextest", "--version"]) !== undefined) {
    const isTidy = "package(sanderling-testkit) and binary(tidy)";
    await cargo(["nextest", "run", "--workspace", "--no-fail-fast", "-E", `not (${isTidy})`], log);
  } else {
    await cargo(["test", "--workspace", "--all-targets", "--no-fail-fast"], log);
  }
  await cargo(["test", "--workspace", "--doc"], log);
}

export const RUST_PARTS = [
  { name: "fmt", run: ({ log }) => cargo(["fmt", "--all", "--check"], log) },
  { name: "tidy", run: ({ log }) => cargo(["test", "-p", "sanderling-testkit", "--test", "tidy"], log) },
  { name: "clippy", run: clippy },
  { name: "docs", run: docs },
  { name: "no_std", run: noStd },
  { name: "native", run: native },
];
