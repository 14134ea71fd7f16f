import assert from "node:assert/strict";
import { test } from "node:test";
import { attachVectors, encodeDocuments, encodeId } from "../src/documents.js";
import { SanderlingError } from "../src/errors.js";
import { fieldTable } from "../src/field-table.js";

const fields = fieldTable(
  JSON.stringify({ fields: { title: { type: "text" }, added: { type: "date" }, vector: { type: "vector", dimensions: 2 } } }),
);

const encode = (...documents: unknown[]) => encodeDocuments(documents, fields, (index) => `documents[${index}]`);

function refuses(document: unknown, path: string, found: RegExp): void {
  assert.throws(
    () => encode({ id: 0 }, document),
    (error: unknown) =>
      error instanceof SanderlingError &&
      error.code === "invalid" &&
      error.details["path"] === path &&
      found.test(String(error.details["found"])) &&
      typeof error.details["expected"] === "string",
  );
}

test("vectors leave the JSON and come back as Float32Array", () => {
  const encoded = encode({ id: 1, vector: new Float32Array([1, 2]) }, { id: 2 }, { id: 3, vector: [3, 4] });
  assert.deepEqual(JSON.parse(encoded.json), [{ id: 1 }, { id: 2 }, { id: 3 }]);
  assert.deepEqual([...encoded.layout], [0, 2, 2, 2, 2, 2]);
  const documents = JSON.parse(encoded.json) as { vector?: Float32Array }[];
  attachVectors(documents, encoded, fields);
  assert.deepEqual(documents[0]?.vector, new Float32Array([1, 2]));
  assert.equal(documents[1]?.vector, undefined);
  assert.deepEqual(documents[2]?.vector, new Float32Array([3, 4]));
  assert.equal(documents[2]?.vector?.buffer.byteLength, 8, "each vector owns its memory");
});

test("encoding does not change the caller's document", () => {
  const document = { id: 1, vector: [1, 2], added: new Date(5) };
  encode(document);
  assert.deepEqual(document, { id: 1, vector: [1, 2], added: new Date(5) });
});

test("NaN in an array of numbers travels to the engine, which reports it", () => {
  const { vectors } = encode({ vector: [NaN, Infinity] });
  assert.deepEqual([...vectors], [NaN, Infinity]);
});

test("an array that is not all numbers stays in the JSON for the engine to refuse", () => {
  const { json, layout } = encode({ vector: [1, "2"] }, { vector: null }, { vector: "text" });
  assert.deepEqual(JSON.parse(json), [{ vector: [1, "2"] }, { vector: null }, { vector: "text" }]);
  assert.equal(layout.length, 0);
});

test("keys like __proto__, constructor, toString and the empty one survive", () => {
  const text = '{"__proto__":{"a":1},"constructor":2,"toString":3,"":4,"nested":{"__proto__":[{"__proto__":5}]},"vector":[1,2]}';
  const document = JSON.parse(text) as object;
  assert.equal(encode(document).json, `[${text.replace(',"vector":[1,2]', "")}]`);
  const dated = JSON.parse('{"a":{"__proto__":0,"b":1}}') as { a: Record<string, unknown> };
  dated.a["b"] = new Date(0);
  assert.equal(encode(dated).json, '[{"a":{"__proto__":0,"b":"1970-01-01T00:00:00.000Z"}}]');
});

test("a vector field called __proto__ becomes an own property", () => {
  const odd = fieldTable('{"fields":{"__proto__":{"type":"vector","dimensions":1}}}');
  const document = JSON.parse('{"__proto__":[7]}') as object;
  const encoded = encodeDocuments([document], odd, () => "document");
  assert.equal(encoded.json, "[{}]");
  const back = {};
  attachVectors([back], encoded, odd);
  assert.deepEqual(Object.getOwnPropertyDescriptor(back, "__proto__")?.value, new Float32Array([7]));
  assert.equal(Object.getPrototypeOf(back), Object.prototype);
});

test("what JSON cannot carry is refused with its path", () => {
  refuses({ year: NaN }, "documents[1].year", /NaN/);
  refuses({ a: { "b c": [0, -Infinity] } }, 'documents[1].a["b c"][1]', /-Infinity/);
  refuses({ n: 1n }, "documents[1].n", /bigint/);
  refuses({ f: () => 1 }, "documents[1].f", /function/);
  refuses({ s: Symbol("x") }, "documents[1].s", /symbol/);
  refuses({ list: [1, undefined] }, "documents[1].list[1]", /undefined/);
  refuses({ map: new Map() }, "documents[1].map", /Map/);
  refuses({ floats: new Float32Array(1) }, "documents[1].floats", /Float32Array/);
  refuses({ own: { toJSON: () => 1 } }, "documents[1].own", /toJSON/);
  refuses({ when: new Date(NaN) }, "documents[1].when", /invalid/);
  refuses({ added: new Date(NaN) }, "documents[1].added", /invalid/);
  refuses({ text: "a\ud800" }, "documents[1].text", /surrogate/);
  refuses({ ["\udc00"]: 1 }, 'documents[1]["\\udc00"]', /surrogate/);
  refuses("text", "documents[1]", /"text"/);
  refuses(null, "documents[1]", /null/);
  refuses([], "documents[1]", /array/);
});

test("cycles and bottomless nesting are refused, shared objects are not", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = { again: cycle };
  refuses(cycle, "documents[1].self.again", /cycle/);
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  assert.throws(() => encode({ deep }), { code: "invalid" });
  const shared = { a: 1 };
  assert.equal(encode({ x: shared, y: [shared, shared] }).json, '[{"x":{"a":1},"y":[{"a":1},{"a":1}]}]');
});

test("undefined is dropped, null is kept, a pair of surrogates is text", () => {
  assert.equal(encode({ a: undefined, b: null, c: "\u{1F426}" }).json, '[{"b":null,"c":"\u{1F426}"}]');
});

test("a Date is epoch milliseconds in a date field and an ISO string elsewhere", () => {
  assert.equal(encode({ added: new Date(5), other: new Date(5) }).json, '[{"added":5,"other":"1970-01-01T00:00:00.005Z"}]');
});

test("ids are strings or numbers of well-formed text", () => {
  assert.equal(encodeId("b1"), '"b1"');
  assert.equal(encodeId(1), "1");
  for (const id of ["\ud800", NaN, null, undefined, {}, 1n, true]) assert.throws(() => encodeId(id), { code: "invalid" });
});

test("the order of fields is read from the schema's text, also for names that look like numbers", () => {
  const text = '{"fields":{"b":{"type":"text","stopWords":["a:","{"]},"2020":{"type":"vector","dimensions":1},"a\\"":{"type":"date"}},"more":{"x":{"y":1}}}';
  const table = fieldTable(text);
  assert.deepEqual(table.names, ["b", "2020", 'a"']);
  assert.equal(table.vectors.get("2020"), 1);
  assert.deepEqual([...table.dates], ['a"']);
});
