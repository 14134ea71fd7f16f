import { asFloats, attachVectors, isObject, pack, type Floats } from "./documents.js";
import { describe, mismatch, SanderlingError } from "./errors.js";
import type { FieldTable } from "./field-table.js";
import type { EncodedAnswer, EncodedQuery } from "./host.js";
import { plain, setOwn, wellFormed } from "./json.js";
import { checkOptions, isAnything, isSignal, type OptionRules } from "./options.js";
import type { Schema } from "./schema.js";
import type { Group, Hit, SearchResult } from "./search-types.js";

const RULES: OptionRules = {
  call: "search",
  known: {
    text: isAnything,
    vector: isAnything,
    filter: isAnything,
    fusion: isAnything,
    limit: isAnything,
    offset: isAnything,
    sort: isAnything,
    facets: isAnything,
    groupBy: isAnything,
    highlight: isAnything,
    select: isAnything,
    mmr: isAnything,
    minScore: isAnything,
    explain: isAnything,
    signal: isSignal,
  },
  later: ["rerank", "timeout"],
};

// Tells the engine that a leg's value has the wrong type and was left in the JSON, so that it gives the typed error.
const VALUE_IN_JSON = 0xffffffff;

/** Checks a query and takes its vectors out. A bare string is short for `{ text }`. */
export function encodeQuery(query: unknown): EncodedQuery {
  if (typeof query === "string") return encoded(wellFormed(query), []);
  if (!isObject(query)) throw mismatch("invalid", "query", "a string or an object", describe(query));
  const { signal: _signal, text, filter, vector, ...rest } = checkOptions(query, RULES);
  const json = plain(rest, { code: "invalid", root: "query" }) as Record<string, unknown>;
  const members: Record<string, unknown> = { ...json };
  if (text !== undefined) members["text"] = plain(userText(text), { code: "invalid", root: "query.text" });
  if (filter !== undefined) members["filter"] = plainFilter(filter, "query.filter");
  if (vector === undefined) return encoded(members, []);
  const legs = vectorLegs(vector);
  members["vector"] = legs.map(({ leg }, index) => plain(leg, { code: "invalid", root: `query.vector[${index}]` }));
  return encoded(
    members,
    legs.map(({ value }) => value),
  );
}

/** A filter ready for JSON; dates in it become epoch milliseconds, like those of documents. */
export function plainFilter(filter: unknown, root: string): unknown {
  return plain(filter, { code: "filter", root, dates: "milliseconds", complete: true });
}

/** Builds the result from the engine's answer; layouts count hits, those of groups after the ungrouped ones. */
export function decodeAnswer<S extends Schema>(answer: EncodedAnswer, fields: FieldTable): SearchResult<S> {
  const result = JSON.parse(answer.json) as SearchResult<S>;
  const grouped = (result.groups ?? []).flatMap((group: Group<S>) => group.hits);
  const documents = [...result.hits, ...grouped].map((hit: Hit<S>) => hit.document);
  attachVectors(documents, answer, fields);
  return { ...result, took: answer.took };
}

interface Leg {
  /** What the engine reads about this leg. */
  readonly leg: unknown;
  /** Its vector, unless the value had the wrong type and stayed in `leg`. */
  readonly value: Floats | undefined;
}

function encoded(json: unknown, values: readonly (Floats | undefined)[]): EncodedQuery {
  return {
    json: JSON.stringify(json),
    vectors: pack(values.filter((value) => value !== undefined)),
    lengths: Uint32Array.from(values, (value) => value?.length ?? VALUE_IN_JSON),
  };
}

function vectorLegs(vector: unknown): Leg[] {
  // An array of numbers is one vector; an array with an object in it is several legs.
  if (Array.isArray(vector) && vector.some((leg) => typeof leg === "object" && leg !== null)) return vector.map(oneLeg);
  return [oneLeg(vector)];
}

function oneLeg(given: unknown): Leg {
  if (given === "text") {
    throw new SanderlingError("unsupported", 'search: vector: "text" needs an embedder, which this version does not have');
  }
  const bare = asFloats(given);
  if (bare !== undefined) return { leg: {}, value: bare };
  if (!isObject(given)) return { leg: { value: given }, value: undefined };
  const value = asFloats(given["value"]);
  if (value === undefined) return { leg: given, value };
  const { value: _value, ...leg } = given;
  return { leg, value };
}

// What users type is never an error, so what UTF-8 cannot hold is replaced here and refused everywhere else.
function userText(text: unknown): unknown {
  if (typeof text === "string") return wellFormed(text);
  if (!isObject(text) || typeof text["query"] !== "string") return text;
  const copy = { ...text };
  setOwn(copy, "query", wellFormed(text["query"]));
  return copy;
}
