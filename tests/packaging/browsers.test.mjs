// The packed tarball in Chromium: without a bundler, and through each bundler, none of them configured for it.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build as esbuild } from "esbuild";
import * as vite8 from "vite";
import * as vite7 from "vite7";
import webpack from "webpack";
import { serve } from "../../scripts/demo.mjs";
import { IMPORT_MAP, inChromium, launchChromium, page } from "./hosts.mjs";
import { expected, project } from "./project.mjs";

const wanted = expected();
let browser;

before(async () => {
  browser = await launchChromium();
});
after(() => browser?.close());

/** Compares the answer of every storage with Node's. */
const check = (url) =>
  inChromium(browser, url, (answer) => {
    assert.deepEqual(answer.memory.result, wanted);
    assert.deepEqual(answer.opfs.result, wanted);
    const { error, compacted, ...answers } = wanted;
    assert.deepEqual(compacted, { first: 0, last: 1, grows: true, code: "aborted", message: "mine" });
    assert.deepEqual(answer.opfs.kept, answers);
    assert.equal(answer.opfs.storage, "opfs");
    assert.deepEqual(answer.inPage.result, wanted);
  });

async function checkFolder(folder) {
  const { server, url } = await serve(folder, 0, {});
  try {
    await check(url);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test("a plain module script loads the package from node_modules", async () => {
  await checkFolder(project("plain", { page: page("./page.js", IMPORT_MAP) }));
});

for (const [version, vite] of Object.entries({ 7: vite7, 8: vite8 })) {
  const quiet = { configFile: false, logLevel: "warn" };

  test(`the dev server of Vite ${version}, which moves dependencies, serves the package`, async () => {
    const root = project(`vite${version}-dev`, { page: page("/page.js") });
    const server = await vite.createServer({ ...quiet, root, server: { host: "127.0.0.1" } });
    try {
      await server.listen();
      await check(server.resolvedUrls.local[0]);
    } finally {
      await server.close();
    }
  });

  test(`the production build of Vite ${version} carries the package`, async () => {
    const root = project(`vite${version}-build`, { page: page("/page.js") });
    await vite.build({ ...quiet, root });
    await checkFolder(join(root, "dist"));
  });
}

test("webpack's production build carries the package", async () => {
  const context = project("webpack");
  const path = join(context, "dist");
  const compiler = webpack({ context, mode: "production", entry: "./page.js", output: { path, filename: "main.js" } });
  const stats = await new Promise((resolve, reject) => compiler.run((error, done) => (error ? reject(error) : resolve(done))));
  await new Promise((resolve) => compiler.close(resolve));
  assert.equal(stats.hasErrors(), false, stats.toString("errors-only"));
  writeFileSync(join(path, "index.html"), page("./main.js"));
  await checkFolder(path);
});

test("esbuild's bundle, which leaves files behind, falls back to the inline copy", async () => {
  const folder = project("esbuild");
  const outdir = join(folder, "dist");
  mkdirSync(outdir);
  await esbuild({ absWorkingDir: folder, entryPoints: ["page.js"], outdir, bundle: true, format: "esm", logLevel: "warning" });
  writeFileSync(join(outdir, "index.html"), page("./page.js"));
  await checkFolder(outdir);
});
