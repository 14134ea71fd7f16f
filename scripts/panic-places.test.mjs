import assert from "node:assert/strict";
import { test } from "node:test";
import { blankPanicPlaces } from "./panic-places.mjs";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

// A module with one memory and one data segment at address 64.
function moduleWith(content) {
  const memory = [5, 3, 1, 0, 1];
  const segment = [0, 0x41, 0xc0, 0x00, 0x0b, content.length, ...content];
  return Buffer.from([...HEADER, ...memory, 11, segment.length + 1, 1, ...segment]);
}

const words = (...values) => [...new Uint8Array(Uint32Array.from(values).buffer)];
const text = (string) => [...Buffer.from(string)];

test("the places of panics are blanked, with their paths, and nothing else", () => {
  const paths = text("crates/a/src/b.rs" + "crates/c.rs"); // 17 and 11 bytes, then a zero up to a multiple of four
  const place = words(64, 17, 120, 5);
  const other = [...words(64, 16, 1, 1), ...words(81, 7, 1, 2)]; // no path has these bounds
  const bytes = moduleWith([...paths, 0, 0, 0, 0, ...place, ...other, ...text("a sentence")]);
  assert.ok(WebAssembly.validate(bytes));
  assert.equal(blankPanicPlaces(bytes), 1);
  assert.ok(WebAssembly.validate(bytes));
  const blank = [...new Array(17).fill(0), ...text("crates/c.rs"), 0, 0, 0, 0, ...new Array(16).fill(0)];
  assert.deepEqual(bytes, moduleWith([...blank, ...other, ...text("a sentence")]));
});

test("a file without them stays as it is", () => {
  const bytes = moduleWith(text("no path here, src.rs"));
  const before = Buffer.from(bytes);
  assert.equal(blankPanicPlaces(bytes), 0);
  assert.deepEqual(bytes, before);
});
