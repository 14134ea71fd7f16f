// The packed tarball in runtimes without a page: each must answer with Node's ids and score bits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inDeno, inWorkerd } from "./hosts.mjs";
import { expected, project } from "./project.mjs";

const wanted = expected();

test("Node finds what it should, and throws typed errors", () => {
  assert.deepEqual(wanted.text.hits.map(([id]) => id), ["sanderling", 7, "curlew"]);
  assert.deepEqual(wanted.hybrid.hits.map(([id]) => id), ["sanderling", "curlew"]);
  assert.deepEqual(wanted.german.hits.map(([id]) => id), [1, 2]);
  assert.equal(wanted.vector.hits[0][0], "sanderling");
  assert.deepEqual(wanted.error, [true, "invalid"]);
});

test("Deno answers like Node", () => {
  assert.deepEqual(inDeno(project("deno")).result, wanted);
});

test("workerd answers like Node", async () => {
  const { result } = await inWorkerd(project("workerd"));
  assert.deepEqual(result, wanted);
});
