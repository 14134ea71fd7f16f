import type { Signal } from "./api.js";
import type {
  FacetField,
  FacetResults,
  Facets,
  FieldName,
  Filter,
  HitDocument,
  Id,
  Schema,
  Sort,
  SortField,
  TextFieldName,
  VectorFieldName,
} from "./schema.js";

export interface TextQuery<S extends Schema = Schema> {
  /** Words; "quoted words" are a phrase, -word excludes. Never an error. */
  readonly query: string;
  readonly fields?: readonly TextFieldName<S>[];
  /** Default "or". */
  readonly operator?: "or" | "and";
  /** Typos: true allows none below five letters, one up to eight, two above; a number is the most of them. Default false. */
  readonly fuzzy?: boolean | 0 | 1 | 2;
  /** The last word may go on. Default false. */
  readonly prefix?: boolean;
  /** Words that a phrase may have between its own. Default 0. */
  readonly slop?: number;
  /** So many of the words must be there. Default 1. */
  readonly minimumMatch?: number;
  readonly boost?: { readonly [F in TextFieldName<S>]?: number };
}

export type VectorValue = Float32Array | readonly number[];

export interface VectorQuery<S extends Schema = Schema> {
  readonly value: VectorValue | "text";
  /** May be left out where the schema has one vector field. */
  readonly field?: VectorFieldName<S>;
  /** Nodes that a graph keeps on the way instead of what was measured; codes that are compared again at least. */
  readonly ef?: number;
  /** Compare every vector in full. */
  readonly exact?: boolean;
  /** Vectors that are compared in full for each hit, instead of what was measured. */
  readonly oversample?: number;
  /** The share of the true neighbours to aim at. Default: the schema's. Above 0.995 the search is exact. */
  readonly recall?: number;
}

export interface LegWeights {
  readonly text?: number;
  readonly vector?: number;
}

export type Fusion =
  | "rrf"
  | { readonly method: "rrf"; readonly k?: number; readonly weights?: LegWeights }
  | { readonly method: "weighted"; readonly weights?: LegWeights; readonly normalize?: "minmax" | "zscore" };

export interface Query<S extends Schema = Schema, F extends Facets<S> = Facets<S>> {
  readonly text?: string | TextQuery<S> | undefined;
  /** "text" stands for the vector that an embedder makes of the text. */
  readonly vector?: VectorValue | "text" | VectorQuery<S> | readonly VectorQuery<S>[] | undefined;
  readonly filter?: Filter<S> | undefined;
  readonly fusion?: Fusion | undefined;
  /** Default 10. 0 returns totals and facets alone. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /**
   * Goes on behind the last hit of the answer that has this cursor. The query is otherwise the same, but for `limit`, `timeout`,
   * `signal`, `facets`, `rerank` and how hits are shown; another is error "invalid". No `offset` beside it.
   */
  readonly cursor?: string | undefined;
  /**
   * How many of its best each leg contributes at least (`offset + limit` if that is more) where several are fused, hits are to
   * differ or fields order them. Default 200, at most 100,000; with `mmr` 1,000.
   */
  readonly legDepth?: number | undefined;
  /**
   * Orders all matches; default by score. Scores stay those of the search without it: of a text alone all are scored, else it is 0
   * where no leg has a match among its first `legDepth` (or `offset + limit`).
   */
  readonly sort?: Sort<S> | readonly Sort<S>[] | undefined;
  readonly facets?: (F & { readonly [K in Exclude<keyof F, FacetField<S>>]: never }) | undefined;
  /** Puts hits together by the values of a field; `limit` hits of each group, by default 1. Then `limit` and `offset` count groups. */
  readonly groupBy?: { readonly field: SortField<S>; readonly limit?: number } | undefined;
  readonly highlight?:
    | {
        readonly fields?: readonly TextFieldName<S>[];
        readonly open?: string;
        readonly close?: string;
        readonly maxLength?: number;
      }
    | undefined;
  /** Which fields a hit's document has, those that are not in the schema too. Default: every field but vectors. */
  readonly select?: readonly (FieldName<S> | (string & {}))[] | undefined;
  /**
   * Hits that differ: each next one has the most of `lambda` times its relevance less `1 - lambda` times its greatest cosine with
   * one before it, by the vectors of `field` (by default those that were searched). Default lambda 0.5.
   */
  readonly mmr?: { readonly lambda?: number; readonly field?: VectorFieldName<S> } | undefined;
  readonly minScore?: number | undefined;
  readonly explain?: boolean | undefined;
  /** Scores for the first hits, one each, by which they come in a new order, the highest first. */
  readonly rerank?:
    | ((query: Query<S>, hits: readonly Hit<S>[]) => Promise<ArrayLike<number>> | ArrayLike<number>)
    | undefined;
  readonly signal?: Signal | undefined;
  /** Milliseconds after which the search answers what it has, with `partial: true`. On workerd clocks stand still meanwhile. */
  readonly timeout?: number | undefined;
}

export interface Hit<S extends Schema = Schema> {
  readonly id: Id;
  /** Higher is better. */
  readonly score: number;
  readonly version: number;
  readonly document: HitDocument<S>;
  readonly text?: { readonly rank: number; readonly score: number };
  readonly vector?: { readonly rank: number; readonly distance: number; readonly similarity: number };
  /** Escaped for HTML. */
  readonly highlights?: { readonly [F in TextFieldName<S>]?: readonly string[] };
  /** How the score came about; with `rerank`, the score of the search and the one that took its place. */
  readonly explanation?: Explanation;
}

export interface Explanation {
  /** What the search made of the hit. */
  readonly score: number;
  /** The score that `rerank` gave it. */
  readonly rerank?: number;
  /** What the text leg adds, and each word to that. */
  readonly text?: { readonly [name: string]: unknown };
  /** What each vector leg adds. */
  readonly vectors?: readonly { readonly [name: string]: unknown }[];
}

export interface SuggestOptions<S extends Schema = Schema> {
  /** Default 10. */
  readonly limit?: number | undefined;
  /** Default: every text field. */
  readonly fields?: readonly TextFieldName<S>[] | undefined;
  readonly signal?: Signal | undefined;
}

export interface Suggestion {
  /** What was typed, with its last word completed. */
  readonly text: string;
  /** How many documents have that word. */
  readonly documents: number;
}

export interface Group<S extends Schema = Schema> {
  /** Null for documents that have none. */
  readonly value: string | number | boolean | null;
  readonly hits: readonly Hit<S>[];
}

export interface Plan {
  /** Oldest first. */
  readonly segments: readonly SegmentPlan[];
}

export interface SegmentPlan {
  readonly state: "growing" | "sealing" | "sealed";
  readonly documents: number;
  /** How many passed of how many that were expected, and the condition whose rows were found first, with the way. */
  readonly filter?: string;
  /** The most rows that could pass the filter, as it was known before any was looked at. */
  readonly estimate?: number;
  /** The documents that passed. */
  readonly passing?: number;
  /** How many of the documents with a word were scored. */
  readonly text?: string;
  /**
   * The index and what was done with it (`exact scan`, `codes of … vectors in … lists`, `bytes of …`, `bits of …`, `graph walk by …`),
   * and how many passed the filter; of several vectors one each.
   */
  readonly vector?: string | readonly string[];
}

export interface SearchResult<S extends Schema = Schema, F extends Facets<S> = Facets<S>> {
  /** The best first. With groupBy they are in the groups alone. */
  readonly hits: readonly Hit<S>[];
  /** Documents that match. */
  readonly total: number;
  /** Where more hits (or groups) may follow: what a query gives to go on behind these. Not where the answer was cut by time. */
  readonly cursor?: string;
  readonly facets?: FacetResults<S, F>;
  readonly groups?: readonly Group<S>[];
  /** Which index and filter strategy each segment used. */
  readonly plan: Plan;
  /** Milliseconds the engine took. */
  readonly took: number;
  /** True, with reasons, when the answer was cut. */
  readonly partial?: boolean;
  readonly reasons?: readonly string[];
}
