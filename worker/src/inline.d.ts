// Made by the build, beside the entry points: the engine's wasm as text, for places where no file can be read.
export declare function simd(): Uint8Array;
export declare function relaxed(): Uint8Array;
