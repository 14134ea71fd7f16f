import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { halfToNumber } from "./demo-data.mjs";
import { at } from "./workspace.mjs";

const data = (name) => at("web", "demo", "data", name);

test("16-bit floats become the numbers they stand for", () => {
  const values = { 0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x3555: 0.333251953125, 0x0001: 2 ** -24, 0x0400: 2 ** -14, 0x7bff: 65504 };
  for (const [bits, value] of Object.entries(values)) assert.equal(halfToNumber(Number(bits)), value);
  assert.equal(halfToNumber(0xfc00), -Infinity);
  assert.ok(Number.isNaN(halfToNumber(0x7e00)));
});

test("the carried data is whole, within 6 MB and has its licence beside it", () => {
  const size = (name) => statSync(data(name)).size;
  const set = JSON.parse(readFileSync(data("set.json"), "utf8"));
  const rows = JSON.parse(gunzipSync(readFileSync(data("documents.bin"))).toString());
  assert.equal(rows.length, set.documents);
  assert.equal(size("vectors.i8"), set.documents * set.dimensions);
  assert.equal(size("scales.f32"), set.documents * 4);
  assert.equal(size("examples.f32"), set.examples.length * set.dimensions * 4);
  const ids = new Set(rows.map(([id]) => id));
  assert.equal(ids.size, rows.length);
  for (const { answer } of set.examples) assert.ok(ids.has(answer), answer);
  assert.ok(readdirSync(data("")).reduce((sum, name) => sum + size(name), 0) <= 6_000_000);
  assert.match(readFileSync(data("LICENSE.wordnet.txt"), "utf8"), /WordNet/);
});
