// Whether this Node has relaxed SIMD.
import { ask, Explained } from "./workspace.mjs";

// (module (func (result v128) i32.const 0 i8x16.splat i32.const 0 i8x16.splat i8x16.relaxed_swizzle))
const RELAXED_PROBE = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 0, 253, 15, 65, 0, 253, 15,
  253, 128, 2, 11,
]);

/** The flags that give this Node relaxed SIMD: none from Node 22 on, V8's own before. */
export function relaxedFlags() {
  if (WebAssembly.validate(RELAXED_PROBE)) return [];
  const flag = "--experimental-wasm-relaxed-simd";
  if (ask("node", [flag, "--version"]) === undefined) throw new Explained("this Node has no relaxed SIMD");
  return [flag];
}
