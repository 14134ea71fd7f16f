// Field definitions, and everything a schema literal tells the compiler about documents, filters, sorting and facets.

/** A document's id. `1` and `"1"` are different documents. */
export type Id = string | number;

export interface TextField {
  readonly type: "text";
  /** How much this field counts among several text fields. Default 1. */
  readonly weight?: number;
  /** Stemming: "none" (default), "english", or one of the languages that are loaded when they are needed, as "german". */
  readonly language?: string;
  readonly stopWords?: boolean | readonly string[];
  /** Positions of words. Without them a phrase asks for all its words, in any order. Default true. */
  readonly positions?: boolean;
  /** True: an array of strings; no phrase goes from one to the next. */
  readonly many?: boolean;
}

export interface KeywordField {
  readonly type: "keyword";
  /** True: an array of strings. */
  readonly many?: boolean;
}

export interface NumberField {
  readonly type: "number";
  /** True: an array of them. */
  readonly many?: boolean;
}

/** Written as a Date, an ISO string or epoch milliseconds; read as epoch milliseconds. */
export interface DateField {
  readonly type: "date";
  /** True: an array of them. */
  readonly many?: boolean;
}

export interface BooleanField {
  readonly type: "boolean";
  /** True: an array of them. */
  readonly many?: boolean;
}

/** Places: `{ lat, lon }` in degrees. */
export interface GeoField {
  readonly type: "geo";
  /** True: an array of them. */
  readonly many?: boolean;
}

export type Metric =
  | "cosine"
  | "dot"
  | "euclidean"
  | "manhattan"
  | "chebyshev"
  | "canberra"
  | "braycurtis"
  | "hamming"
  | "jaccard";

export interface VectorField {
  readonly type: "vector";
  /** 1 to 4,096. */
  readonly dimensions: number;
  /** Default "cosine". */
  readonly metric?: Metric;
  readonly index?: "auto" | "flat" | "hnsw" | "ivf";
  /** The share of true neighbours that the default search depth aims for. */
  readonly recall?: number;
  readonly quantization?: "auto" | "none" | "int8" | "rabitq";
}

export type Field = TextField | KeywordField | NumberField | DateField | BooleanField | GeoField | VectorField;

/** What a collection indexes. A field of a document that is not named here is stored and returned, not indexed. */
export interface Schema {
  readonly fields: { readonly [name: string]: Field };
}

export interface GeoPoint {
  readonly lat: number;
  readonly lon: number;
}

export type FieldName<S extends Schema> = keyof S["fields"] & string;

/** The names of the fields whose definition is one of `Kind`. */
export type FieldNameOf<S extends Schema, Kind> = {
  [F in FieldName<S>]: S["fields"][F] extends Kind ? F : never;
}[FieldName<S>];

// A collection opened without a schema literal: the compiler knows no field.
type Untyped<S extends Schema> = string extends FieldName<S> ? true : false;

type FieldNames<S extends Schema, Kind> = Untyped<S> extends true ? string : FieldNameOf<S, Kind>;

type Ordered = NumberField | DateField;

export type TextFieldName<S extends Schema> = FieldNames<S, TextField>;
export type VectorFieldName<S extends Schema> = FieldNames<S, VectorField>;
/** Fields whose values have an order. Of several values in a document the one counts that comes first. */
export type SortField<S extends Schema> = FieldNames<S, KeywordField | Ordered | BooleanField>;
export type FacetField<S extends Schema> = FieldNames<S, KeywordField | Ordered | BooleanField>;

type InputOf<F extends Field> = F extends TextField | KeywordField
  ? string
  : F extends NumberField
    ? number
    : F extends DateField
      ? Date | string | number
      : F extends BooleanField
        ? boolean
        : F extends GeoField
          ? GeoPoint
          : F extends VectorField
            ? Float32Array | readonly number[]
            : never;

type OutputOf<F extends Field> = F extends DateField ? number : F extends VectorField ? Float32Array : InputOf<F>;

/** What may be written into a field. */
export type FieldInput<F extends Field> = F extends { readonly many: true } ? readonly InputOf<F>[] : InputOf<F>;

/** What a field holds when it is read back. */
export type FieldOutput<F extends Field> = F extends { readonly many: true } ? OutputOf<F>[] : OutputOf<F>;

type Values<S extends Schema> =
  Untyped<S> extends true ? unknown : { [F in FieldName<S>]?: FieldInput<S["fields"][F]> | null | undefined };

type StoredValues<S extends Schema> =
  Untyped<S> extends true ? unknown : { [F in FieldName<S>]?: FieldOutput<S["fields"][F]> | null };

/** A document as it is written: every field is optional, further fields are kept as they are. */
export type Document<S extends Schema = Schema> = NewDocument<S> & { [extra: string]: unknown };

/**
 * What a document must fit to be put. It says nothing of fields beyond the schema, so that a type of the caller's own, an
 * interface too, fits as it is.
 */
export type NewDocument<S extends Schema = Schema> = Values<S> & { id?: Id };

/** Some fields of a document, to merge into a stored one. */
export type Patch<S extends Schema = Schema> = Values<S> & { [extra: string]: unknown };

/** A document as it is read back. */
export type StoredDocument<S extends Schema = Schema> = StoredValues<S> & { id: Id; [extra: string]: unknown };

/** The document of a hit: the fields that `select` names, by default all but vectors. */
export type HitDocument<S extends Schema = Schema> = StoredValues<S> & { id: Id; [extra: string]: unknown };

interface Equality<V> {
  readonly $eq?: V;
  readonly $ne?: V;
  readonly $in?: readonly V[];
  readonly $nin?: readonly V[];
}

interface Order<V> {
  readonly $gt?: V;
  readonly $gte?: V;
  readonly $lt?: V;
  readonly $lte?: V;
}

interface Presence {
  readonly $exists?: boolean;
}

/** Equality with one element of an array. */
interface Containment<V> {
  readonly $contains?: V;
}

type StringCondition = Equality<string> &
  Order<string> &
  Containment<string> &
  Presence & { readonly $startsWith?: string };

type Compared<V> = V | (Equality<V> & Order<V> & Containment<V> & Presence);

/** What may stand after a field's name in a filter. */
export type Condition<F extends Field> = F extends KeywordField
  ? string | StringCondition
  : F extends NumberField
    ? Compared<number>
    : F extends DateField
      ? Compared<Date | string | number>
      : F extends BooleanField
        ? boolean | (Equality<boolean> & Containment<boolean> & Presence)
        : F extends GeoField
          ? Presence & {
              readonly $geoBox?: {
                readonly north: number;
                readonly south: number;
                readonly east: number;
                readonly west: number;
              };
              readonly $geoRadius?: GeoPoint & { readonly meters: number };
            }
          : Presence;

/** A filter as an object. Several keys mean and. */
export type FilterObject<S extends Schema = Schema> =
  Untyped<S> extends true
    ? { readonly [key: string]: unknown }
    : { readonly [F in FieldName<S>]?: Condition<S["fields"][F]> } & {
        readonly $and?: readonly FilterObject<S>[];
        readonly $or?: readonly FilterObject<S>[];
        readonly $not?: FilterObject<S>;
      };

/** A filter: an object, or the same as text (`year >= 1990 AND NOT tags = 'fish'`). */
export type Filter<S extends Schema = Schema> = FilterObject<S> | string;

export interface Sort<S extends Schema = Schema> {
  readonly field: SortField<S>;
  readonly order?: "asc" | "desc";
}

type Counted = { readonly limit?: number };
type Bound<F> = F extends DateField ? number | string | Date | null : number | null;
type Ranged<F> = { readonly ranges: readonly (readonly [from: Bound<F>, to: Bound<F>])[] };
type Bounded = { readonly bounds: true };

/** What to count over all matches: the commonest values (10 by default); ranges, or the least and greatest, of a number or date. */
export type Facets<S extends Schema = Schema> =
  Untyped<S> extends true
    ? { readonly [field: string]: Counted | Ranged<DateField> | Bounded }
    : {
        readonly [F in FacetField<S>]?: S["fields"][F] extends Ordered
          ? Counted | Ranged<S["fields"][F]> | Bounded
          : Counted;
      };

export interface FacetValue<V = string | number | boolean> {
  readonly value: V;
  readonly count: number;
}

/** `from` is included, `to` is not; null is no bound. */
export interface FacetRange {
  readonly from: number | null;
  readonly to: number | null;
  readonly count: number;
}

/** How many matches have a value, and the least and greatest, if there is any. */
export interface FacetBounds {
  readonly count: number;
  readonly min?: number;
  readonly max?: number;
}

type ValueOf<F> = F extends BooleanField ? boolean : F extends Ordered ? number : F extends KeywordField ? string : string | number | boolean;

/** What is answered to one facet: by what was asked, of a question that the compiler does not know all that it may be. */
export type FacetOf<F, Asked> = Asked extends { readonly ranges: unknown }
  ? readonly FacetRange[]
  : Asked extends Bounded
    ? FacetBounds
    : readonly FacetValue<ValueOf<F>>[];

export type FacetResults<S extends Schema = Schema, Asked = Facets<S>> = {
  readonly [F in keyof Asked]: FacetOf<F extends FieldName<S> ? S["fields"][F] : Field, Asked[F]>;
};
