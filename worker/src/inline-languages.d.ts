// Made by the build, beside the entry points: the languages' wasm as text, for where their files cannot be read.
export declare function language(name: string): Uint8Array;
