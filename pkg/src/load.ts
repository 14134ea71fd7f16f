import type { Languages, OpenOptions } from "./api.js";
import { typedEngine, type Bindings } from "./bindings.js";
import type { Host } from "./host.js";
import { SanderlingError, toSanderlingError } from "./errors.js";
import { inThreadHost } from "./in-thread-host.js";
import { bytesOf, compileBytes, compileWasm, isModule, requireWasm, simdLevel, type SimdLevel, type WasmModule } from "./wasm.js";

type Bytes = ArrayBuffer | ArrayBufferView;

/** Where a host keeps the wasm of languages. */
export interface LanguageSource {
  /** The package's own file of a language. */
  language(name: string): Promise<WasmModule | Bytes>;
  /** Fetches a URL that the user gave. */
  read(href: string): Promise<Bytes>;
}

/** Where a host keeps all wasm. */
export interface WasmFiles extends LanguageSource {
  /** The package's own build of the engine for this SIMD level. */
  own(level: "relaxed" | "simd128"): Promise<WasmModule | Bytes>;
}

/** A compiled engine, and which build it is. */
export interface LoadedWasm {
  readonly module: WasmModule;
  readonly simd: SimdLevel;
}

export async function loadWasm(options: OpenOptions, files: WasmFiles): Promise<LoadedWasm> {
  if (options.wasm !== undefined) return { module: await compileWasm(options.wasm, files.read), simd: "custom" };
  const simd = simdLevel();
  return { module: await compiled(await files.own(simd)), simd };
}

const compiled = async (own: WasmModule | Bytes): Promise<WasmModule> => (isModule(own) ? own : compileBytes(own));

/**
 * A language's wasm: the one that the user gave, else the package's own. Bytes stay bytes, since the engine may be in another tab, where
 * a compiled module cannot be sent.
 */
export async function loadLanguage(
  name: string,
  given: Languages | undefined,
  files: LanguageSource,
): Promise<WasmModule | ArrayBuffer> {
  const source = given !== undefined && Object.hasOwn(given, name) ? given[name] : undefined;
  try {
    const wasm = source === undefined ? await files.language(name) : source;
    if (isModule(wasm)) return wasm;
    const bytes = await bytesOf(wasm, files.read);
    requireWasm(bytes);
    // A copy of a view: messages give away the buffers of views, and this one is the user's.
    return bytes instanceof ArrayBuffer ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice().buffer;
  } catch (error) {
    const { code, message, details } = toSanderlingError(error);
    throw new SanderlingError(code, `the language "${name}" is not at hand: ${message}`, { ...details, language: name });
  }
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
