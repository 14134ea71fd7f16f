// What the page asks the engine: from what the visitor chose to a query, and only the newest answer back.
import { SanderlingError } from "sanderling";
import type { Example } from "./data.js";
import type { PartOfSpeech, WordHit, WordQuery, Words } from "./words.js";

const LIMIT = 20;

/** What is looked for: nothing, words as they are typed, an example with its vector, or the likes of a document. */
export type Wish =
  | { readonly kind: "nothing" }
  | { readonly kind: "typed"; readonly text: string }
  | { readonly kind: "example"; readonly example: Example }
  | { readonly kind: "like"; readonly id: string; readonly title: string };

export interface Answer {
  readonly hits: readonly WordHit[];
  readonly total: number;
  /** Milliseconds the engine took. */
  readonly took: number;
}

/** The groups of parts of speech as the page offers them. */
export const PARTS: Readonly<Record<string, readonly PartOfSpeech[]>> = { n: ["n"], v: ["v"], a: ["a", "s"], r: ["r"] };

async function queryFor(words: Words, wish: Exclude<Wish, { kind: "nothing" }>): Promise<WordQuery> {
  if (wish.kind === "typed") return { text: { query: wish.text, prefix: true } };
  if (wish.kind === "example") return { text: wish.example.text, vector: { value: wish.example.vector } };
  const vector = (await words.get(wish.id))?.vector;
  if (!vector) throw new Error(`“${wish.title}” is not in the collection any more`);
  return { vector: { value: vector } };
}

/** Answers a wish within the chosen groups of parts of speech. */
export async function answer(words: Words, wish: Wish, chosen: readonly string[], signal: AbortSignal): Promise<Answer> {
  if (wish.kind === "nothing") return { hits: [], total: 0, took: 0 };
  const everything = chosen.length === Object.keys(PARTS).length;
  const filter = everything ? undefined : { pos: { $in: chosen.flatMap((name) => PARTS[name] ?? []) } };
  const query = await queryFor(words, wish);
  const { hits, total, took } = await words.search({ ...query, filter, limit: LIMIT }, { signal });
  return { hits, total, took };
}

/** Runs calls of which only the newest counts: an older one that is still under way is dropped. */
export function newestOnly(): <T>(call: (signal: AbortSignal) => Promise<T>) => Promise<T | undefined> {
  let current = new AbortController();
  return async (call) => {
    current.abort("a newer search took its place");
    const own = new AbortController();
    current = own;
    try {
      const result = await call(own.signal);
      return own.signal.aborted ? undefined : result;
    } catch (error) {
      if (own.signal.aborted) return undefined;
      throw error;
    }
  };
}

/** An error in words for whoever looks at the page. */
export function inWords(error: unknown): string {
  if (!(error instanceof SanderlingError)) return error instanceof Error ? error.message : String(error);
  switch (error.code) {
    case "unavailable":
      return `The collection is in use or out of reach. If this page is open in another tab, close it there and try again. (${error.message})`;
    case "quota":
      return `The browser gives this page no more space: ${error.message}.`;
    case "schema":
    case "corrupt":
      return `The stored collection does not fit this page: ${error.message}. “Delete everything” starts afresh.`;
    default:
      return `${error.message} (${error.code})`;
  }
}
