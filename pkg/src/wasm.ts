import { describe, mismatch, SanderlingError } from "./errors.js";

/** The host's own WebAssembly.Module type, where it has one. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : never;

/** A URL, a Response, bytes or a compiled module. */
export type WasmSource =
  | { readonly href: string }
  | { readonly status: number; arrayBuffer(): Promise<ArrayBuffer> }
  | ArrayBuffer
  | ArrayBufferView
  | WasmModule;

/** Which instructions the engine was built with; "custom" is a wasm that the user chose. All give the same answers. */
export type SimdLevel = "relaxed" | "simd128" | "custom";

type Bytes = ArrayBuffer | ArrayBufferView;

// A module with one function: () -> v128. Its body is what the two tests differ in.
function moduleWithBody(...body: readonly number[]): Uint8Array {
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const types = [1, 5, 1, 0x60, 0, 1, 0x7b];
  const functions = [3, 2, 1, 0];
  // No locals, the instructions, end.
  const code = [0, ...body, 0x0b];
  return Uint8Array.from([...header, ...types, ...functions, 10, code.length + 2, 1, code.length, ...code]);
}

const SPLAT = [0x41, 0, 0xfd, 0x0f];
const SIMD = [...SPLAT, 0xfd, 0x62]; // i8x16.popcnt
const RELAXED = [...SPLAT, ...SPLAT, 0xfd, 0x80, 0x02]; // i8x16.relaxed_swizzle

/** The better of the two engine builds that this host can run. */
export function simdLevel(validate: (bytes: Uint8Array) => boolean = WebAssembly.validate): "relaxed" | "simd128" {
  if (validate(moduleWithBody(...RELAXED))) return "relaxed";
  if (validate(moduleWithBody(...SIMD))) return "simd128";
  throw new SanderlingError("unsupported", "this host's WebAssembly has no SIMD (simd128), which the engine needs");
}

/** Whether these are the bytes of a wasm module at all; a development server may answer HTML for a missing file. */
export function isWasm(bytes: Bytes): boolean {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  return view[0] === 0x00 && view[1] === 0x61 && view[2] === 0x73 && view[3] === 0x6d;
}

/** Compiles what the user gave as `wasm`. `read` fetches a URL in the host's own way. */
export async function compileWasm(source: unknown, read: (href: string) => Promise<Bytes>): Promise<WasmModule> {
  if (isModule(source)) return source;
  return compileBytes(await bytesOf(source, read));
}

export function requireWasm(bytes: Bytes): void {
  if (!isWasm(bytes)) throw mismatch("invalid", "wasm", "a WebAssembly module", "other bytes");
}

export async function compileBytes(bytes: Bytes): Promise<WasmModule> {
  requireWasm(bytes);
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    // Damaged or too new, or a content security policy without 'wasm-unsafe-eval'.
    throw new SanderlingError("unavailable", `the wasm could not be compiled: ${String(error)}`);
  }
}

export function isModule(value: unknown): value is WasmModule {
  return Object.prototype.toString.call(value) === "[object WebAssembly.Module]";
}

/** The bytes of what the user gave, unless it is compiled. */
export async function bytesOf(source: unknown, read: (href: string) => Promise<Bytes>): Promise<Bytes> {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source;
  if (typeof source === "object" && source !== null) {
    if ("arrayBuffer" in source && typeof source.arrayBuffer === "function") {
      return (await source.arrayBuffer()) as ArrayBuffer;
    }
    if ("href" in source && typeof source.href === "string") return read(source.href);
  }
  throw mismatch("invalid", "wasm", "a URL, a Response, bytes or a WebAssembly.Module", describe(source));
}
