import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileFor, serve } from "./demo.mjs";

const parent = mkdtempSync(join(tmpdir(), "sanderling-demo-"));
const folder = join(parent, "site");
mkdirSync(join(folder, "sub"), { recursive: true });
writeFileSync(join(parent, "secret.txt"), "no");
writeFileSync(join(folder, "index.html"), "<!doctype html>");
writeFileSync(join(folder, "a b.wasm"), "x");
after(() => rmSync(parent, { recursive: true }));

test("a path names a file inside the folder or nothing", () => {
  assert.equal(fileFor(folder, "/"), join(folder, "index.html"));
  assert.equal(fileFor(folder, "/a%20b.wasm?x=1"), join(folder, "a b.wasm"));
  for (const path of ["/sub", "/sub/", "/gone.js", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%", "/a%00"]) {
    assert.equal(fileFor(folder, path), undefined, path);
  }
});

// A client that does not tidy the path up first, as fetch would.
const statusOf = (url, path) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    get({ hostname, port, path, agent: false }, (response) => resolve(response.resume().statusCode)).on("error", reject);
  });

test("the server sends types and the policy, and only its folder", async () => {
  const { server, url } = await serve(folder, 0);
  try {
    const page = await fetch(url);
    assert.match(page.headers.get("content-security-policy"), /^default-src 'self'; script-src 'self' 'wasm-unsafe-eval'/);
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal((await fetch(`${url}a%20b.wasm`)).headers.get("content-type"), "application/wasm");
    assert.equal(await statusOf(url, "/../secret.txt"), 404);
    assert.equal((await fetch(url, { method: "POST" })).status, 405);
    await assert.rejects(serve(folder, server.address().port), /is taken/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
