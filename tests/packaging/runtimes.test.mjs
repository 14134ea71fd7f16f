// The packed tarball in runtimes without a page: each must answer with Node's ids and score bits.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { expected, project, resultOf } from "./project.mjs";

const wanted = expected();

test("Node finds what it should, and throws typed errors", () => {
  assert.deepEqual(wanted.text.hits.map(([id]) => id), ["sanderling", 7, "curlew"]);
  assert.deepEqual(wanted.hybrid.hits.map(([id]) => id), ["sanderling", "curlew"]);
  assert.equal(wanted.vector.hits[0][0], "sanderling");
  assert.deepEqual(wanted.error, [true, "invalid"]);
});

test("Deno answers like Node", () => {
  const folder = project("deno");
  const env = { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1" };
  const args = ["run", "--allow-read", "--no-remote", "--cached-only", "--node-modules-dir=manual", "main.js"];
  assert.deepEqual(resultOf(folder, "deno", args, env).result, wanted);
});

// As wrangler does it: JavaScript is bundled with the condition workerd, wasm stays a module beside it.
test("workerd answers like Node", async () => {
  const folder = project("workerd");
  const outfile = join(folder, "out", "edge.js");
  const conditions = ["workerd", "worker", "browser"];
  const options = { absWorkingDir: folder, bundle: true, format: "esm", conditions, loader: { ".wasm": "copy" } };
  await build({ ...options, entryPoints: ["edge.js"], outfile, external: ["node:*", "cloudflare:*"], assetNames: "[name]" });
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    cf: false,
    compatibilityDate: "2026-07-01",
    modules: true,
    modulesRoot: join(folder, "out"),
    scriptPath: outfile,
    modulesRules: [
      { type: "ESModule", include: ["**/*.js"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
  });
  try {
    const response = await miniflare.dispatchFetch("http://localhost/");
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.deepEqual(JSON.parse(text).result, wanted);
  } finally {
    await miniflare.dispose();
  }
});
