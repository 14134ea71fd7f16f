// Made by the build, beside the entry points: wasm and worker as text, for bundles that leave the files behind.
export declare function simd(): Uint8Array;
export declare function relaxed(): Uint8Array;
export declare const workerSource: string;
