import type { Encoded } from "./engine.js";
import { describe, mismatch, SanderlingError } from "./errors.js";
import type { FieldTable } from "./field-table.js";
import { encodeJson, plain, setOwn } from "./json.js";

type Members = Record<string, unknown>;

/** Numbers that travel beside the JSON, because JSON is slow for them and cannot hold all of them. */
export type Floats = Float32Array | readonly number[];

/** Takes the vectors out of a batch of documents. `root` is what error paths start with, one per document. */
export function encodeDocuments(
  documents: readonly unknown[],
  fields: FieldTable,
  root: (index: number) => string,
): Encoded {
  const found: Floats[] = [];
  const layout: number[] = [];
  const rest = documents.map((document, index) => named(index, () => {
    if (!isObject(document)) throw mismatch("invalid", root(index), "a document", describe(document));
    for (const [position, vector] of vectorsOf(document, fields)) {
      layout.push(index, position, vector.length);
      found.push(vector);
    }
    if (document["id"] instanceof Date) throw mismatch("invalid", `${root(index)}.id`, "a string or a whole number", "a date");
    return plain(withoutVectors(document, fields), { code: "invalid", root: root(index) });
  }));
  return { json: JSON.stringify(rest), vectors: pack(found), layout: Uint32Array.from(layout) };
}

// Like the engine's, errors about a document say which of the batch it is.
function named<T>(index: number, encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof SanderlingError)) throw error;
    throw new SanderlingError(error.code, error.message, { ...error.details, document: index });
  }
}

/** One patch, encoded like a document that is not in an array. */
export function encodePatch(patch: unknown, fields: FieldTable): Encoded {
  const encoded = encodeDocuments([patch], fields, () => "patch");
  return { ...encoded, json: encoded.json.slice(1, -1) };
}

/** JSON text of an id. The engine checks its range. */
export function encodeId(id: unknown, path = "id"): string {
  if (typeof id !== "string" && typeof id !== "number") {
    throw mismatch("invalid", path, "a string or a non-negative safe integer", describe(id));
  }
  return encodeJson(id, { code: "invalid", root: path });
}

/** Puts the vectors of an answer back into its documents. */
export function attachVectors(documents: readonly object[], encoded: Encoded, fields: FieldTable): void {
  const { layout, vectors } = encoded;
  let start = 0;
  for (let at = 0; at + 2 < layout.length; at += 3) {
    const [index, position, length] = layout.subarray(at, at + 3) as unknown as [number, number, number];
    const document = documents[index];
    const name = fields.names[position];
    // A copy, so that a document does not keep the whole answer's vectors alive.
    if (document !== undefined && name !== undefined) setOwn(document, name, vectors.slice(start, start + length));
    start += length;
  }
}

/** Whether an answer speaks of a field that this table does not know yet. */
export function mentionsUnknownField(encoded: Encoded, fields: FieldTable): boolean {
  for (let at = 1; at < encoded.layout.length; at += 3) {
    if (encoded.layout[at]! >= fields.names.length) return true;
  }
  return false;
}

/** A vector as users may write one: a Float32Array, or an array of nothing but numbers (NaN included, the engine tells). */
export function asFloats(value: unknown): Floats | undefined {
  if (isFloat32Array(value)) return value;
  if (Array.isArray(value) && isNumbers(value)) return value;
  return undefined;
}

/** All vectors, one after the other, in memory of their own that may be transferred. */
export function pack(all: readonly Floats[]): Float32Array {
  const packed = new Float32Array(all.reduce((total, vector) => total + vector.length, 0));
  let start = 0;
  for (const vector of all) {
    packed.set(vector, start);
    start += vector.length;
  }
  return packed;
}

/** Objects with members, of whatever class; no dates, maps and the like, which JSON would take for empty. */
export function isObject(value: unknown): value is Members {
  return Object.prototype.toString.call(value) === "[object Object]";
}

// Not instanceof: the array may come from another realm, such as an iframe or a test runner's sandbox.
function isFloat32Array(value: unknown): value is Float32Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Float32Array]";
}

// A plain loop: `every` would skip the holes of a sparse array.
function isNumbers(value: readonly unknown[]): value is readonly number[] {
  for (let index = 0; index < value.length; index += 1) {
    if (typeof value[index] !== "number") return false;
  }
  return true;
}

function vectorsOf(document: Members, fields: FieldTable): [position: number, vector: Floats][] {
  const found: [number, Floats][] = [];
  for (const [name, position] of fields.vectors) {
    const vector = Object.hasOwn(document, name) ? asFloats(document[name]) : undefined;
    if (vector !== undefined) found.push([position, vector]);
  }
  return found;
}

// What is left for JSON: everything but the vectors taken out, with the Dates of date fields as epoch milliseconds.
function withoutVectors(document: Members, fields: FieldTable): Members {
  let copy: Members | undefined;
  for (const name of fields.vectors.keys()) {
    if (Object.hasOwn(document, name) && asFloats(document[name]) !== undefined) delete (copy ??= { ...document })[name];
  }
  for (const name of fields.dates) {
    const value = Object.hasOwn(document, name) ? document[name] : undefined;
    if (value instanceof Date && !Number.isNaN(value.getTime())) setOwn((copy ??= { ...document }), name, value.getTime());
  }
  return copy ?? document;
}
