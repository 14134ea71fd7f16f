import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as engine from "../../pkg/generated/engine.js";
import { entry } from "../../pkg/src/entry.js";
import { inThreadLocate } from "../../pkg/src/in-thread-platform.js";
import type { Destroy, Open } from "../../pkg/src/index.js";
import { inThreadLoader } from "../../pkg/src/load.js";
import { nodeFiles } from "./storage/node-fs.js";
import { readUrl } from "./read-url.js";

// The entry for Node and Bun: the wasm is a file beside this one, databases are folders.
export * from "../../pkg/src/index.js";

const host = inThreadLoader(engine, {
  own: (level) => {
    const file = level === "relaxed" ? "./engine.relaxed.wasm" : "./engine.simd.wasm";
    return readFile(fileURLToPath(new URL(file, import.meta.url)));
  },
  read: readUrl,
});

const node = entry(inThreadLocate({ host, files: nodeFiles }));
export const open: Open = node.open;
export const destroy: Destroy = node.destroy;
