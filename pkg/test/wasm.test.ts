import assert from "node:assert/strict";
import { test } from "node:test";
import { compileWasm, isModule, isWasm, simdLevel } from "../src/wasm.js";

const EMPTY = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const nothing = (): Promise<never> => Promise.reject(new Error("not asked for"));

test("this host's level is found, and a host without SIMD is unsupported", () => {
  assert.match(simdLevel(), /^(relaxed|simd128)$/);
  assert.equal(simdLevel((bytes) => bytes.length < 40 && !bytes.includes(0x80)), "simd128");
  assert.equal(simdLevel(() => true), "relaxed");
  assert.throws(() => simdLevel(() => false), { code: "unsupported" });
});

test("wasm may come as bytes, a buffer, a Response, a URL or a module", async () => {
  const fromBytes = await compileWasm(EMPTY, nothing);
  assert.ok(isModule(fromBytes));
  assert.equal(await compileWasm(fromBytes, nothing), fromBytes);
  const view = Uint8Array.from([9, ...EMPTY, 9]).subarray(1, 9);
  assert.ok(isModule(await compileWasm(view, nothing)));
  assert.ok(isModule(await compileWasm(EMPTY.slice().buffer, nothing)));
  assert.ok(isModule(await compileWasm(new Response(EMPTY), nothing)));
  assert.ok(isModule(await compileWasm(new URL("file:///x.wasm"), async () => EMPTY)));
});

test("other things are refused: HTML, damaged wasm, numbers", async () => {
  const html = new TextEncoder().encode("<!doctype html>");
  assert.equal(isWasm(html), false);
  await assert.rejects(compileWasm(html, nothing), { code: "invalid" });
  await assert.rejects(compileWasm(EMPTY.subarray(0, 6), nothing), { code: "unavailable" });
  await assert.rejects(compileWasm(5, nothing), { code: "invalid" });
  await assert.rejects(compileWasm("engine.wasm", nothing), { code: "invalid" });
});
