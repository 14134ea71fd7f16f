import * as engine from "../../pkg/generated/engine.js";
import { entry } from "../../pkg/src/entry.js";
import { inThreadLocate } from "../../pkg/src/in-thread-platform.js";
import { SanderlingError, type Destroy, type Open, type Repair, type Restore } from "../../pkg/src/index.js";
import { inThreadLoader, type WasmFiles } from "../../pkg/src/load.js";
import module from "./engine.simd.wasm";

// The entry for edge functions: no files, storage is memory or a StorageBackend.
export * from "../../pkg/src/index.js";

const wasm: WasmFiles = {
  own: () => Promise.resolve(module),
  // Importing all of them here would put them into every script.
  language: (name) => {
    const file = `sanderling/languages/${name}.wasm`;
    const message = `import ${name} from "${file}" and give it to open as languages: { ${name} }`;
    return Promise.reject(new SanderlingError("unsupported", message, { href: file }));
  },
  read: async (href) => (await fetch(href)).arrayBuffer(),
};

const host = inThreadLoader(engine, wasm);
const edge = entry(inThreadLocate({ host }), wasm);
export const open: Open = edge.open;
export const restore: Restore = edge.restore;
export const repair: Repair = edge.repair;
export const destroy: Destroy = edge.destroy;
