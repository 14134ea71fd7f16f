import { LANGUAGE_FILES } from "../../pkg/src/language-files.js";
import type { WasmFiles } from "../../pkg/src/load.js";
import { SanderlingError } from "../../pkg/src/index.js";
import { isWasm, type WasmModule } from "../../pkg/src/wasm.js";

/** The wasm for a page: the file beside this module, else the copy carried as text. */
export const wasmFiles: WasmFiles = {
  own: async (level) => {
    // Bundlers look for exactly this form of expression, so the two are written out.
    const url =
      level === "relaxed"
        ? new URL("./engine.relaxed.wasm", import.meta.url)
        : new URL("./engine.simd.wasm", import.meta.url);
    const file = await fetchWasm(url.href);
    if (file !== undefined) return file;
    const inline = await import("./inline.js");
    return level === "relaxed" ? inline.relaxed() : inline.simd();
  },
  language: async (name) => {
    const href = LANGUAGE_FILES.get(name)!.href;
    const file = await fetchWasm(href, false);
    if (file !== undefined) return file;
    const inline = await import("./inline-languages.js").catch((error: unknown) => {
      const message = `neither ${href} nor the copy inlined in the package could be fetched: ${String(error)}`;
      throw new SanderlingError("unavailable", message, { href });
    });
    return inline.language(name);
  },
  read: async (href) => {
    const response = await fetch(href).catch((error: unknown) => {
      throw new SanderlingError("unavailable", `the wasm at ${href} could not be fetched: ${String(error)}`, { href });
    });
    if (response.ok) return response.arrayBuffer();
    throw new SanderlingError("unavailable", `the wasm at ${href} could not be fetched: ${response.status}`, { href });
  },
};

// Undefined when the file is not there. Some servers answer every unknown address with a page of HTML and status 200.
async function fetchWasm(href: string, compile = true): Promise<WasmModule | ArrayBuffer | undefined> {
  try {
    const response = await fetch(href);
    if (!response.ok) return undefined;
    if (compile && response.headers.get("Content-Type")?.startsWith("application/wasm") === true) {
      // Compiles while it loads, and lets browsers cache the compiled code.
      return await WebAssembly.compileStreaming(response);
    }
    const bytes = await response.arrayBuffer();
    return isWasm(bytes) ? bytes : undefined;
  } catch {
    // Not there, damaged, or forbidden: the inline copy finds out which, with an error of its own.
    return undefined;
  }
}
