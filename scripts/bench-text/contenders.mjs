// Who takes part: ours and the rivals in crates/bench/peers/text, each a program over a prepared set. `beside` names the one
// of ours that does the same work: the same stems, as far as the rival has any.
import { Contender } from "../bench/contender.mjs";
import { packagesOf, program, pythonWith } from "../bench/install.mjs";
import { at, run } from "../workspace.mjs";
import { cpSync } from "node:fs";
import { join } from "node:path";

const HOME = at("crates", "bench", "peers", "text");
const BUILD = ["build", "--quiet", "--release", "-p", "sanderling-bench", "--bin", "text"];

/** Rivals in JavaScript, with the language of the field they are measured against. */
const PEERS = {
  minisearch: "none",
  orama: "none",
  lunr: "english",
  flexsearch: "none",
  "flexsearch-forward": "none",
  "sqlite-fts5": "english",
};

/** Builds and installs what the parts need. */
export async function programs(parts, runtime, skip) {
  const made = { runtime };
  const attempt = async (name, task) => {
    try {
      made[name] = await task();
    } catch (error) {
      skip(`${name}: ${error.message}`);
    }
  };
  if (parts.some((part) => ["native", "quality", "typos"].includes(part))) {
    await run("cargo", BUILD);
    made.ours = `${process.env.CARGO_TARGET_DIR ?? at("target")}/release/text`;
    await attempt("tantivy", () => program(join(HOME, "rust"), at("target", "bench", "text-rust"), "sanderling-bench-text-peers"));
  }
  if (parts.some((part) => ["native", "quality"].includes(part))) {
    await attempt("bm25s", () => pythonWith(at("target", "bench", "text-python"), join(HOME, "python", "requirements.txt")));
  }
  await attempt("packages", async () => {
    const packages = await packagesOf(join(HOME, "node"), at("target", "bench", "text-node"));
    // Beside its packages, so that it finds them.
    cpSync(join(HOME, "node", "peers.mjs"), join(packages, "..", "peers.mjs"));
    return packages;
  });
  return made;
}

/** Where the stemmer that judges typos is. */
export const peersModule = ({ packages }) => join(packages, "..", "peers.mjs");

const named = (name, kind, beside, command, args) =>
  Object.assign(new Contender(name, kind, { command, args }), { beside, isOurs: beside === undefined });

const titled = (language, stop) => `${language}${stop === "drop" ? " without stop words" : ""}`;

/** Native ones for a folder: ours and tantivy with each of these analyses, a language and `keep` or `drop`. */
export function native({ ours, tantivy }, folder, analyses) {
  const found = [];
  for (const [language, stop] of analyses) {
    const analysis = titled(language, stop);
    found.push(named(`ours, ${analysis}`, "native", undefined, ours, [folder, language, stop]));
    if (!tantivy) continue;
    const cache = join(folder, `tantivy-${language}-${stop}`);
    found.push(named(`tantivy, ${analysis}`, "rust", `ours, ${analysis}`, tantivy, [language, stop, folder, cache]));
  }
  return found;
}

/** BM25 by scoring everything, with these analyses. */
export function reference({ bm25s }, folder, analyses) {
  if (!bm25s) return [];
  const script = join(HOME, "python", "bm25.py");
  return analyses.map(([language, stop]) => {
    const analysis = titled(language, stop);
    return named(`bm25s, ${analysis}`, "python", `ours, ${analysis}`, bm25s, [script, language, stop, folder]);
  });
}

/** The package and its rivals in Node or in Chromium. */
export function inJavaScript({ runtime, packages }, folder, host) {
  const command = host === "node" ? runtime : "node";
  const args = (name) => [at("scripts", "bench-text", `in-${host}.mjs`), name, folder, packages ?? ""];
  const ours = ["none", "english"].map((name) => named(`package, ${name}`, host, undefined, command, args(name)));
  if (!packages) return ours;
  const peers = Object.entries(PEERS).map(([name, language]) => named(name, host, `package, ${language}`, command, args(name)));
  return [...ours, ...peers];
}
