import { abortable } from "./abort.js";
import type { Signal } from "./api.js";
import { isObject } from "./documents.js";
import { describe, mismatch, SanderlingError } from "./errors.js";
import { checkOptions, isAnything, isTimeout, type OptionRules } from "./options.js";
import type { VectorValue } from "./search-types.js";

// Vectors that a model makes of texts. Vectors of different models cannot be compared, so the collection remembers the name of
// the model of each field; which text a vector is made of is the caller's to say.

export interface EmbedOptions {
  /** Models may make vectors of documents in another way than those of queries. */
  readonly kind: "document" | "query";
  readonly signal?: Signal | undefined;
}

export interface Embedder {
  /** Stored with the collection: another name is error "schema" until `reembed()` has run. */
  readonly model: string;
  /** The fields whose texts a vector is made of, joined by line ends. */
  readonly from: readonly string[];
  /** A vector for each text. */
  readonly embed: (texts: string[], options: EmbedOptions) => Promise<readonly VectorValue[]>;
  /** Texts that are given at once. Default 64. */
  readonly batchSize?: number;
  /** How often a call that failed is made again, after 0.1, 0.2, 0.4 ... seconds. Default 2. */
  readonly retries?: number;
}

/** By the names of their vector fields. */
export type EmbeddersByField = ReadonlyMap<string, Embedder>;

type Members = Record<string, unknown>;

export const NO_EMBEDDERS: EmbeddersByField = new Map();

const BATCH_DEFAULT = 64;
const RETRIES_DEFAULT = 2;
const FIRST_PAUSE = 100;

const isFunction = (value: unknown): string | undefined => (typeof value === "function" ? undefined : "a function");
const isName = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? undefined : "a name that is not empty";
const isNames = (value: unknown): string | undefined =>
  Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string")
    ? undefined
    : "an array of field names";
const isCountFrom = (least: number) => (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= least ? undefined : `a whole number from ${least}`;

const RULES: OptionRules = {
  call: "embedder",
  known: {
    model: isName,
    from: isNames,
    embed: isFunction,
    batchSize: isCountFrom(1),
    retries: isCountFrom(0),
  },
};

/** Checks what a caller gives as embedders. */
export function embeddersOf(given: unknown): EmbeddersByField {
  if (!isObject(given)) throw mismatch("invalid", "embedders", "an object of embedders", describe(given));
  const embedders = Object.entries(given).filter(([, embedder]) => embedder !== undefined);
  return new Map(embedders.map(([field, embedder]) => [field, checked(field, embedder)]));
}

function checked(field: string, given: unknown): Embedder {
  if (!isObject(given)) throw mismatch("invalid", `embedders.${field}`, "an embedder", describe(given));
  checkOptions(given, { ...RULES, call: `embedders.${field}` });
  for (const name of ["model", "from", "embed"] as const) {
    if (given[name] !== undefined) continue;
    throw mismatch("invalid", `embedders.${field}.${name}`, RULES.known[name]?.(undefined) ?? "", "nothing");
  }
  return given as unknown as Embedder;
}

/** The names of the models by field, as the collection stores them. */
export function modelsOf(embedders: EmbeddersByField): Record<string, string> {
  return Object.fromEntries([...embedders].map(([field, { model }]) => [field, model]));
}

/** The text that a document's vector is made of; empty where it has none. */
function textOf(document: Members, { from }: Embedder): string {
  const texts = from.flatMap((field) => (Object.hasOwn(document, field) ? document[field] : []));
  return texts.filter((text) => typeof text === "string" && text !== "").join("\n");
}

/** The documents with a vector in each field that has an embedder, where they have a text and no vector yet. */
export async function withVectors(
  documents: readonly unknown[],
  embedders: EmbeddersByField,
  signal: Signal | undefined,
): Promise<readonly unknown[]> {
  const made = [...documents];
  for (const [field, embedder] of embedders) {
    const lacking: { readonly at: number; readonly text: string }[] = [];
    made.forEach((document, at) => {
      if (!isObject(document) || (Object.hasOwn(document, field) && document[field] !== undefined)) return;
      const text = textOf(document, embedder);
      if (text !== "") lacking.push({ at, text });
    });
    const texts = lacking.map(({ text }) => text);
    const vectors = await embedAll(field, embedder, texts, { kind: "document", signal });
    lacking.forEach(({ at }, index) => (made[at] = { ...(made[at] as Members), [field]: vectors[index] }));
  }
  return made;
}

/** Whether the vectors of a document may change by a patch, which then needs the document's other texts. */
export function changesText(patch: unknown, embedders: EmbeddersByField): boolean {
  if (!isObject(patch)) return false;
  return [...embedders].some(([field, { from }]) => !Object.hasOwn(patch, field) && from.some((name) => Object.hasOwn(patch, name)));
}

/** A patch with the vectors of what the document becomes. One that has no text any more has no vector either. */
export async function patchWithVectors(
  document: Members,
  patch: Members,
  embedders: EmbeddersByField,
  signal: Signal | undefined,
): Promise<Members> {
  const whole: Members = { ...document, ...patch };
  const made: Members = { ...patch };
  for (const [field, embedder] of embedders) {
    if (Object.hasOwn(patch, field) || !embedder.from.some((name) => Object.hasOwn(patch, name))) continue;
    const text = textOf(whole, embedder);
    const [vector] = text === "" ? [null] : await embedAll(field, embedder, [text], { kind: "document", signal });
    made[field] = vector;
  }
  return made;
}

/** Whether a query has a text whose vector is to be made. */
export function needsVectors(query: unknown, embedders: EmbeddersByField): boolean {
  if (typeof query === "string") return embedders.size > 0;
  if (!isObject(query)) return false;
  const { vector } = query;
  return Array.isArray(vector) ? vector.some(asksForText) : asksForText(vector);
}

/** A query in which "text" stands for the vector of its text, or which is a text alone, with that vector. */
export async function withQueryVectors(
  query: unknown,
  embedders: EmbeddersByField,
  signal: Signal | undefined,
): Promise<unknown> {
  if (typeof query === "string") {
    return embedders.size === 0 ? query : withQueryVectors({ text: query, vector: "text" }, embedders, signal);
  }
  if (!isObject(query)) return query;
  const { vector, ...rest } = query;
  const given: unknown[] = Array.isArray(vector) && vector.some(asksForText) ? vector : [vector];
  if (!given.some(asksForText)) return query;
  // Of several fields with an embedder all are searched.
  const fields = [...embedders.keys()];
  const legs = given.flatMap((leg) => (leg === "text" && fields.length > 0 ? fields.map((field) => ({ field, value: "text" })) : [leg]));
  const { text } = query;
  const words = typeof text === "string" ? text : isObject(text) ? text["query"] : undefined;
  if (typeof words !== "string") throw mismatch("invalid", "search: vector", 'a text beside vector: "text"', describe(words));
  // A text that says nothing has no vector either.
  if (words.trim() === "") return { ...rest, ...otherLegs(legs) };
  const made = legs.map(async (leg: unknown) => (asksForText(leg) ? embeddedLeg(leg, words, embedders, signal) : leg));
  return { ...rest, vector: await Promise.all(made) };
}

/**
 * The same for a query with a timeout, which holds for its embedder too: what is left of it is the engine's. Where nothing is, the
 * query goes without the vectors, and finds nothing in no time.
 */
export async function withQueryVectorsInTime(
  query: unknown,
  embedders: EmbeddersByField,
  signal: Signal | undefined,
): Promise<unknown> {
  const timeout = isObject(query) ? query["timeout"] : undefined;
  // What is no timeout is the engine's to refuse.
  if (typeof timeout !== "number" || isTimeout(timeout) !== undefined || !needsVectors(query, embedders)) {
    return withQueryVectors(query, embedders, signal);
  }
  const end = performance.now() + timeout;
  const late = new AbortController();
  const give = (): void => late.abort(signal?.reason);
  signal?.addEventListener("abort", give);
  const timer = setTimeout(() => late.abort(), timeout);
  try {
    const made = await withQueryVectors(query, embedders, late.signal);
    return { ...(made as Members), timeout: Math.max(end - performance.now(), 0) };
  } catch (error) {
    if (!late.signal.aborted || signal?.aborted === true) throw error;
    // No page can go on from another query's, and without vectors hits may not say by which field they differ.
    const { vector, cursor: _cursor, mmr: _mmr, ...rest } = query as Members;
    return { ...rest, ...(Array.isArray(vector) ? otherLegs(vector) : {}), timeout: 0 };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", give);
  }
}

const asksForText = (leg: unknown): boolean => leg === "text" || (isObject(leg) && leg["value"] === "text");

function otherLegs(legs: readonly unknown[]): Members {
  const others = legs.filter((leg) => !asksForText(leg));
  return others.length === 0 ? {} : { vector: others };
}

async function embeddedLeg(
  leg: unknown,
  text: string,
  embedders: EmbeddersByField,
  signal: Signal | undefined,
): Promise<Members> {
  const options = isObject(leg) ? leg : {};
  const only = embedders.size === 1 ? [...embedders.keys()][0] : undefined;
  const field = options["field"] ?? only;
  const embedder = typeof field === "string" ? embedders.get(field) : undefined;
  if (typeof field !== "string" || embedder === undefined) {
    const names = [...embedders.keys()].join(", ");
    const expected = names === "" ? "a collection that was opened with embedders" : `a field with an embedder (${names})`;
    throw mismatch("invalid", "search: vector", expected, field === undefined ? '"text"' : describe(field));
  }
  const [value] = await embedAll(field, embedder, [text], { kind: "query", signal });
  return { ...options, field, value };
}

/** Vectors of texts, in their order. */
async function embedAll(
  field: string,
  embedder: Embedder,
  texts: readonly string[],
  options: EmbedOptions,
): Promise<VectorValue[]> {
  const { batchSize = BATCH_DEFAULT } = embedder;
  const vectors: VectorValue[] = [];
  for (let from = 0; from < texts.length; from += batchSize) {
    const batch = texts.slice(from, from + batchSize);
    const made = await embedWithRetries(embedder, batch, options);
    if (!Array.isArray(made) || made.length !== batch.length) {
      const found = Array.isArray(made) ? `${made.length}` : describe(made);
      throw mismatch("invalid", `embedders.${field}.embed`, `${batch.length} vectors`, found);
    }
    for (const vector of made as readonly VectorValue[]) vectors.push(vector);
  }
  return vectors;
}

async function embedWithRetries(embedder: Embedder, texts: string[], options: EmbedOptions): Promise<unknown> {
  const { retries = RETRIES_DEFAULT } = embedder;
  for (let tried = 0; ; tried += 1) {
    try {
      return await abortable(options.signal, async () => embedder.embed(texts, options));
    } catch (error) {
      const isAborted = error instanceof SanderlingError && error.code === "aborted";
      // What a caller's model throws is his own to know: it comes to him as it is.
      if (isAborted || tried === retries) throw error;
      await abortable(options.signal, () => pause(FIRST_PAUSE * 2 ** tried));
    }
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
