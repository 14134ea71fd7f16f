import { SanderlingError } from "./errors.js";
import { compileBytes, isModule, type WasmModule } from "./wasm.js";

// The languages of this thread, each a wasm file beside the engine's (crates/languages/src/module.rs). The engine speaks of
// `sanderlingLanguages`, and the bundles have the one here in the place of that name (scripts/bundles.mjs).

interface LoadedLanguage {
  /** Where words are handed over, in the language's own memory, which never grows. */
  readonly buffer: Uint8Array;
  /** Stems the word of that length in the buffer, and tells the length of its stem. */
  readonly stem: (length: number) => number;
  readonly stopWords: string;
}

/** What a language's file exports, beside the function by its name that stems. */
interface LanguageExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  buffer(): number;
  stop_words(): number;
  stop_words_length(): number;
}

const loaded = new Map<string, LoadedLanguage>();
const numbered: (LoadedLanguage | undefined)[] = [];

/** Makes a language known to the engine of this thread. */
export async function addLanguage(name: string, wasm: WasmModule | ArrayBuffer): Promise<void> {
  if (loaded.has(name)) return;
  const module = isModule(wasm) ? wasm : await compileBytes(wasm);
  loaded.set(name, started(name, await WebAssembly.instantiate(module)));
}

function started(name: string, instance: { readonly exports: object }): LoadedLanguage {
  const exports = instance.exports as LanguageExports & { readonly [name: string]: unknown };
  const stem = exports[name];
  if (typeof stem !== "function") {
    throw new SanderlingError("invalid", `the wasm given for the language "${name}" is another one`, { language: name });
  }
  const { memory, buffer, stop_words, stop_words_length } = exports;
  const stopWords = new TextDecoder().decode(new Uint8Array(memory.buffer, stop_words(), stop_words_length()));
  return { buffer: new Uint8Array(memory.buffer, buffer()), stem: stem as LoadedLanguage["stem"], stopWords };
}

/** What the engine calls. */
export const sanderlingLanguages = {
  /** The stop words of a language that is there, with blanks between them. From then on it is spoken of by the number. */
  stopWords: (name: string, number: number): string | undefined => {
    numbered[number] = loaded.get(name);
    return numbered[number]?.stopWords;
  },

  /** Puts the stem of a word of that length in its place, and tells its length. */
  stem: (number: number, word: Uint8Array, length: number): number => {
    const language = numbered[number];
    if (language === undefined) return length;
    // By loops: words are short, and calls that copy cost more than their bytes.
    const { buffer } = language;
    for (let at = 0; at < length; at += 1) buffer[at] = word[at]!;
    const stemmed = language.stem(length);
    for (let at = 0; at < stemmed; at += 1) word[at] = buffer[at]!;
    return stemmed;
  },
};
