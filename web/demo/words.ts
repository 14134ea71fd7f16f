// The collection: its schema, how it is opened, how it is filled once.
import { open, type Collection, type Database, type Hit, type Query } from "sanderling";

export const DATABASE = "demo";
export const DIMENSIONS = 384;
const BATCH = 250;

const SCHEMA = {
  fields: {
    title: { type: "text", weight: 2 },
    text: { type: "text", language: "english" },
    pos: { type: "keyword" },
    lexname: { type: "keyword" },
    vector: { type: "vector", dimensions: DIMENSIONS, metric: "cosine" },
  },
} as const;

export type Words = Collection<typeof SCHEMA>;
export type WordHit = Hit<typeof SCHEMA>;
export type WordQuery = Query<typeof SCHEMA>;

/** Noun, verb, adjective, satellite adjective (one that hangs on another's meaning), adverb. */
export type PartOfSpeech = "n" | "v" | "a" | "s" | "r";

// Types and not interfaces: only a type passes where further fields may follow.
export type Word = {
  readonly title: string;
  readonly text: string;
  readonly pos: PartOfSpeech;
  readonly lexname: string;
};

export type WordDocument = Word & { readonly id: string; readonly vector: Float32Array };

export interface Opened {
  readonly database: Database;
  readonly words: Words;
  readonly documents: number;
  /** Milliseconds from the call to a collection that answers. */
  readonly took: number;
}

export async function openWords(): Promise<Opened> {
  const start = performance.now();
  const database = await open(DATABASE, { storage: "auto" });
  try {
    const words = await database.collection("wordnet", SCHEMA);
    const documents = await words.count();
    return { database, words, documents, took: performance.now() - start };
  } catch (error) {
    // Left open, it could not be deleted, which is what helps against a collection that does not open.
    await database.close();
    throw error;
  }
}

/**
 * Puts what is missing, batch by batch in the order of the data, so that a visit that ended early is continued where
 * it stopped.
 */
export async function fill(
  words: Words,
  stored: number,
  total: number,
  documents: (start: number, end: number) => WordDocument[],
  onProgress: (stored: number) => void,
): Promise<void> {
  for (let start = stored - (stored % BATCH); start < total; start += BATCH) {
    const end = Math.min(start + BATCH, total);
    await words.put(documents(start, end));
    onProgress(end);
  }
}
