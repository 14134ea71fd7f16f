// Where the languages' files lie: beside the bundle. Bundlers and tools that collect a server's files look for exactly this
// form of expression, so each is written out. No file is read until its language is asked for.

/** The file of each language beside English. */
export const LANGUAGE_FILES: ReadonlyMap<string, { readonly href: string }> = new Map([
  ["arabic", new URL("./language.arabic.wasm", import.meta.url)],
  ["czech", new URL("./language.czech.wasm", import.meta.url)],
  ["danish", new URL("./language.danish.wasm", import.meta.url)],
  ["dutch", new URL("./language.dutch.wasm", import.meta.url)],
  ["finnish", new URL("./language.finnish.wasm", import.meta.url)],
  ["french", new URL("./language.french.wasm", import.meta.url)],
  ["german", new URL("./language.german.wasm", import.meta.url)],
  ["greek", new URL("./language.greek.wasm", import.meta.url)],
  ["hungarian", new URL("./language.hungarian.wasm", import.meta.url)],
  ["italian", new URL("./language.italian.wasm", import.meta.url)],
  ["norwegian", new URL("./language.norwegian.wasm", import.meta.url)],
  ["polish", new URL("./language.polish.wasm", import.meta.url)],
  ["portuguese", new URL("./language.portuguese.wasm", import.meta.url)],
  ["romanian", new URL("./language.romanian.wasm", import.meta.url)],
  ["russian", new URL("./language.russian.wasm", import.meta.url)],
  ["spanish", new URL("./language.spanish.wasm", import.meta.url)],
  ["swedish", new URL("./language.swedish.wasm", import.meta.url)],
  ["tamil", new URL("./language.tamil.wasm", import.meta.url)],
  ["turkish", new URL("./language.turkish.wasm", import.meta.url)],
]);
