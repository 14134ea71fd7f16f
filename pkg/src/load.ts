import type { OpenOptions } from "./api.js";
import { typedEngine, type Bindings } from "./bindings.js";
import type { Host } from "./host.js";
import { inThreadHost } from "./in-thread-host.js";
import { compileBytes, compileWasm, isModule, simdLevel, type SimdLevel, type WasmModule } from "./wasm.js";

type Bytes = ArrayBuffer | ArrayBufferView;

/** Where a host keeps the engine's wasm. */
export interface WasmFiles {
  /** The package's own build for this SIMD level. */
  own(level: "relaxed" | "simd128"): Promise<WasmModule | Bytes>;
  /** Fetches a URL that the user gave. */
  read(href: string): Promise<Bytes>;
}

/** A compiled engine, and which build it is. */
export interface LoadedWasm {
  readonly module: WasmModule;
  readonly simd: SimdLevel;
}

export async function loadWasm(options: OpenOptions, files: WasmFiles): Promise<LoadedWasm> {
  if (options.wasm !== undefined) return { module: await compileWasm(options.wasm, files.read), simd: "custom" };
  const simd = simdLevel();
  const own = await files.own(simd);
  return { module: isModule(own) ? own : await compileBytes(own), simd };
}

/**
 * Loads the engine into this thread once, when it is first needed. The bindings hold one instance per thread, so the
 * first `wasm` option decides; a load that failed may be tried again.
 */
export function inThreadLoader(bindings: Bindings, files: WasmFiles): (options: OpenOptions) => Promise<Host> {
  let loading: Promise<Host> | undefined;
  const load = async (options: OpenOptions): Promise<Host> => {
    const { module, simd } = await loadWasm(options, files);
    bindings.initSync({ module });
    return inThreadHost(typedEngine(bindings), simd);
  };
  return (options) => {
    loading ??= load(options).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
