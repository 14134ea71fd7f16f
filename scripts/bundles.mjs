// Bundles the TypeScript entries into pkg/dist, one file each.
import { build } from "esbuild";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { LANGUAGES } from "./languages.mjs";
import { at, writeIfChanged } from "./workspace.mjs";

const dist = (...parts) => at("pkg", "dist", ...parts);

/**
 * The entries: bundle in pkg/dist, source, platform. worker.js comes before inline.js, which carries its text.
 * `minify` only where nobody bundles the file again: the worker is loaded as it is.
 */
export const ENTRIES = [
  { output: "worker.js", source: "worker/src/browser-worker.ts", platform: "browser", minify: true },
  { output: "browser.js", source: "web/src/browser.ts", platform: "browser" },
  { output: "node.js", source: "worker/src/node.ts", platform: "node" },
  { output: "deno.js", source: "worker/src/deno.ts", platform: "neutral" },
  { output: "edge.js", source: "worker/src/edge.ts", platform: "neutral" },
];

// Files of pkg/dist that an entry names, but must not swallow: a host imports the wasm as a module, and bundlers
// of the page make a lazy chunk of inline.js. esbuild's own `external` would rewrite such a path.
const SIBLINGS = /^\.\/(engine\.(simd|relaxed)\.wasm|inline(-languages)?\.js|worker\.js)$/;
const keepSiblings = {
  name: "keep-siblings",
  setup: ({ onResolve }) => {
    onResolve({ filter: SIBLINGS }, ({ path }) => ({ path, external: true }));
  },
};

/** The options that every bundle of this workspace shares. */
export const COMMON = {
  absWorkingDir: at(),
  bundle: true,
  format: "esm",
  target: "es2022",
  external: ["node:*", "cloudflare:*"],
  legalComments: "none",
  logLevel: "warning",
};

const bundle = ({ output, source, platform, minify = false }) =>
  build({ ...COMMON, entryPoints: [source], outfile: dist(output), platform, minify, inject, plugins: [keepSiblings] });

// Exports these names to whatever speaks of them, which is the engine's glue.
const inject = ["pkg/src/languages.ts"];

// Base64 text is decoded when it is asked for: importing the module costs parsing, not memory twice over.
const DECODE = "const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));";
const encoded = (name) => JSON.stringify(readFileSync(dist(`${name}.wasm`)).toString("base64"));

// A module of its own: whoever needs the engine inline may need no language.
function inlineLanguages() {
  const entries = LANGUAGES.map((name) => `  ${name}: ${encoded(`language.${name}`)},`);
  const language = "export const language = (name) => decode(texts[name]);";
  return [DECODE, "const texts = {", ...entries, "};", language, ""].join("\n");
}

function inlineSource() {
  return [
    DECODE,
    `export const simd = () => decode(${encoded("engine.simd")});`,
    `export const relaxed = () => decode(${encoded("engine.relaxed")});`,
    `export const workerSource = ${JSON.stringify(readFileSync(dist("worker.js"), "utf8"))};`,
    "",
  ].join("\n");
}

const INLINE_TYPES = `/** The bytes of engine.simd.wasm, for the option \`wasm\` of \`open\`. */
export declare const simd: () => Uint8Array<ArrayBuffer>;
/** The bytes of engine.relaxed.wasm, for hosts with relaxed SIMD. */
export declare const relaxed: () => Uint8Array<ArrayBuffer>;
/** The text of worker.js, a module script. */
export declare const workerSource: string;
`;

/** Writes every JavaScript file of pkg/dist. The wasm files must be there. */
export async function buildBundles() {
  // An entry that is gone from the table must not stay in the package.
  const isBundle = (name) => name.endsWith(".js") || name.endsWith(".d.ts");
  for (const name of readdirSync(dist()).filter(isBundle)) rmSync(dist(name));
  for (const entry of ENTRIES) await bundle(entry);
  writeIfChanged(dist("inline.js"), inlineSource());
  writeIfChanged(dist("inline-languages.js"), inlineLanguages());
  writeIfChanged(dist("inline.d.ts"), INLINE_TYPES);
}
