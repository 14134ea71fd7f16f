import * as engine from "../../pkg/generated/engine.js";
import { entry } from "../../pkg/src/entry.js";
import { inThreadLocate } from "../../pkg/src/in-thread-platform.js";
import type { Destroy, Open, Repair, Restore } from "../../pkg/src/index.js";
import { inThreadLoader, type WasmFiles } from "../../pkg/src/load.js";
import { nodeFiles } from "./storage/node-fs.js";
import { readUrl } from "./read-url.js";

// The entry for Deno: like Node's, but the wasm comes as a module, because reading a file needs a permission and importing
// one of the package's own modules does not.
export * from "../../pkg/src/index.js";

const wasm: WasmFiles = {
  own: async (level) => {
    const inline = await import("./inline.js");
    return level === "relaxed" ? inline.relaxed() : inline.simd();
  },
  language: async (name) => (await import("./inline-languages.js")).language(name),
  read: readUrl,
};

const host = inThreadLoader(engine, wasm);
const deno = entry(inThreadLocate({ host, files: nodeFiles }), wasm);
export const open: Open = deno.open;
export const restore: Restore = deno.restore;
export const repair: Repair = deno.repair;
export const destroy: Destroy = deno.destroy;
