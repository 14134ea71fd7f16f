import * as engine from "../../pkg/generated/engine.js";
import { entry } from "../../pkg/src/entry.js";
import { inThreadLocate } from "../../pkg/src/in-thread-platform.js";
import type { Destroy, Open } from "../../pkg/src/index.js";
import { inThreadLoader } from "../../pkg/src/load.js";
import module from "./engine.simd.wasm";

// The entry for edge functions: no files, storage is memory or a StorageBackend.
export * from "../../pkg/src/index.js";

const host = inThreadLoader(engine, {
  own: () => Promise.resolve(module),
  read: async (href) => (await fetch(href)).arrayBuffer(),
});

const edge = entry(inThreadLocate({ host }));
export const open: Open = edge.open;
export const destroy: Destroy = edge.destroy;
