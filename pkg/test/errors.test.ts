import assert from "node:assert/strict";
import { test } from "node:test";
import { fromWire, SanderlingError, toSanderlingError, toWire } from "../src/errors.js";

test("an error that crossed a port has its class, code, message and details again", () => {
  const error = new SanderlingError("conflict", "version 3, not 2", { expected: 2, found: 3, path: ["a"] });
  const back = fromWire(structuredClone(toWire(error)));
  assert.ok(back instanceof SanderlingError && back instanceof Error);
  assert.deepEqual({ ...back }, { ...error });
  assert.equal(back.message, error.message);
  assert.equal(back.name, "SanderlingError");
});

test("the engine's plain objects get their class, anything else is internal", () => {
  const typed = toSanderlingError({ code: "quota", message: "full", details: { free: 0 } });
  assert.equal(typed.code, "quota");
  assert.deepEqual(typed.details, { free: 0 });
  assert.equal(toSanderlingError({ code: "ENOENT", message: "x" }).code, "internal");
  assert.equal(toSanderlingError(new TypeError("oops")).message, "TypeError: oops");
  assert.equal(toSanderlingError("text").code, "internal");
  assert.equal(toSanderlingError(undefined).code, "internal");
});
