import { asFloats, attachVectors, isObject, pack, type Floats } from "./documents.js";
import { describe, mismatch, SanderlingError } from "./errors.js";
import type { FieldTable } from "./field-table.js";
import type { EncodedAnswer, EncodedQuery } from "./host.js";
import { plain, setOwn, wellFormed } from "./json.js";
import { checkOptions, isAnything, isSignal, type OptionRules } from "./options.js";
import type { Schema } from "./schema.js";
import type { Group, Hit, Query, SearchResult } from "./search-types.js";

const RULES: OptionRules = {
  call: "search",
  known: {
    text: isAnything,
    vector: isAnything,
    filter: isAnything,
    fusion: isAnything,
    limit: isAnything,
    offset: isAnything,
    cursor: isAnything,
    legDepth: isAnything,
    sort: isAnything,
    facets: isAnything,
    groupBy: isAnything,
    highlight: isAnything,
    select: isAnything,
    mmr: isAnything,
    minScore: isAnything,
    explain: isAnything,
    signal: isSignal,
    timeout: isAnything,
    rerank: (value) => (typeof value === "function" ? undefined : "a function"),
  },
};

// Hits that come where nothing is said, as the engine has it.
const LIMIT_DEFAULT = 10;

// The most that a search gives, as the engine has it.
const HITS_MAX = 1_000_000;

// Tells the engine that a leg's value has the wrong type and was left in the JSON, so that it gives the typed error.
const VALUE_IN_JSON = 0xffffffff;

/** Checks a query and takes its vectors out. A bare string is short for `{ text }`. */
export function encodeQuery(query: unknown): EncodedQuery {
  if (typeof query === "string") return encoded(wellFormed(query), []);
  if (!isObject(query)) throw mismatch("invalid", "query", "a string or an object", describe(query));
  const { signal: _signal, rerank, text, filter, facets, vector, ...given } = checkOptions(query, RULES);
  const rest = rerank === undefined ? given : rerankedPage(given);
  const json = plain(rest, { code: "invalid", root: "query", dates: "refused" }) as Record<string, unknown>;
  const members: Record<string, unknown> = { ...json };
  if (text !== undefined) members["text"] = plain(userText(text), { code: "invalid", root: "query.text", dates: "refused" });
  if (facets !== undefined) members["facets"] = plain(facets, { code: "invalid", root: "query.facets", dates: "milliseconds" });
  if (filter !== undefined) members["filter"] = plainFilter(filter, "query.filter");
  if (vector === undefined || vector === null) return encoded(members, []);
  const legs = vectorLegs(vector);
  members["vector"] = legs.map(({ leg }, index) => plain(leg, { code: "invalid", root: `query.vector[${index}]` }));
  return encoded(
    members,
    legs.map(({ value }) => value),
  );
}

// The hits before the page are put in a new order too, so all of them are asked for.
function rerankedPage(query: Record<string, unknown>): Record<string, unknown> {
  if (query["groupBy"] !== undefined) throw mismatch("invalid", "search: rerank", "hits that are not grouped", "groupBy");
  const { limit = LIMIT_DEFAULT, offset = 0, ...rest } = query;
  const isRefused = [limit, offset].some((number) => typeof number !== "number" || !(number >= 0 && number <= HITS_MAX));
  // A page that a cursor leads to has no offset. What is wrong is the engine's to refuse.
  if (isRefused || query["cursor"] !== undefined) return query;
  return { ...rest, limit: Math.min(Number(offset) + Number(limit), HITS_MAX) };
}

/** The answer with its first hits in the order that `rerank` gives them, if the query has one. */
export async function reranked<S extends Schema>(query: unknown, answer: SearchResult<S>): Promise<SearchResult<S>> {
  const { rerank, offset = 0 } = isObject(query) ? (query as Query<S>) : {};
  if (rerank === undefined) return answer;
  const scores: unknown = await rerank(query as Query<S>, answer.hits);
  if (!Array.isArray(scores) && !ArrayBuffer.isView(scores)) {
    throw mismatch("invalid", "search: rerank", "an array of scores", describe(scores));
  }
  const list = Array.from(scores as ArrayLike<unknown>);
  const wrong = list.find((score) => !Number.isFinite(score));
  if (wrong !== undefined || list.length !== answer.hits.length) {
    const found = list.length === answer.hits.length ? describe(wrong) : `${list.length}`;
    throw mismatch("invalid", "search: rerank", `${answer.hits.length} finite scores`, found);
  }
  const hits = answer.hits.map((hit, at) => {
    const score = list[at] as number;
    // What the legs made stays as it was, beside what came of it.
    const explanation = hit.explanation === undefined ? {} : { explanation: { ...hit.explanation, rerank: score } };
    return { ...hit, ...explanation, score };
  });
  // Equal scores stay in the order of the search.
  hits.sort((one, other) => other.score - one.score);
  return { ...answer, hits: hits.slice(offset ?? 0) };
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
