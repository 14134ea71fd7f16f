import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as engine from "../../pkg/generated/engine.js";
import { entry } from "../../pkg/src/entry.js";
import { inThreadLocate } from "../../pkg/src/in-thread-platform.js";
import type { Destroy, Open, Repair, Restore } from "../../pkg/src/index.js";
import { LANGUAGE_FILES } from "../../pkg/src/language-files.js";
import { inThreadLoader, type WasmFiles } from "../../pkg/src/load.js";
import { nodeFiles } from "./storage/node-fs.js";
import { readUrl } from "./read-url.js";

// The entry for Node and Bun: the wasm is a file beside this one, databases are folders.
export * from "../../pkg/src/index.js";

const wasm: WasmFiles = {
  own: async (level) => {
    // Written out, because tools that collect a server's files look for exactly this form of expression.
    const url =
      level === "relaxed"
        ? new URL("./engine.relaxed.wasm", import.meta.url)
        : new URL("./engine.simd.wasm", import.meta.url);
    try {
      return await readFile(fileURLToPath(url));
    } catch {
      // A bundler took this file away from the ones beside it, and the copy carried as text along.
      const inline = await import("./inline.js");
      return level === "relaxed" ? inline.relaxed() : inline.simd();
    }
  },
  language: async (name) => {
    try {
      return await readFile(fileURLToPath(LANGUAGE_FILES.get(name)!.href));
    } catch {
      const inline = await import("./inline-languages.js");
      return inline.language(name);
    }
  },
  read: readUrl,
};

const host = inThreadLoader(engine, wasm);
const node = entry(inThreadLocate({ host, files: nodeFiles }), wasm);
export const open: Open = node.open;
export const restore: Restore = node.restore;
export const repair: Repair = node.repair;
export const destroy: Destroy = node.destroy;
