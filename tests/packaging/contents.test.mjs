// What is in the tarball, and whether the tools that judge packages agree with its exports map.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { publint } from "publint";
import { LANGUAGES } from "../../scripts/languages.mjs";
import { environment } from "../../scripts/workspace.mjs";
import { project, tarball } from "./project.mjs";

const packed = tarball();
const folder = join(project("contents"), "node_modules", "sanderling");
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const targets = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry));

test("every target of the exports map is in the tarball", () => {
  for (const target of Object.values(manifest.exports).flatMap(targets)) {
    const files = target.includes("*") ? LANGUAGES.map((name) => target.replace("*", name)) : [target];
    for (const file of files) assert.ok(existsSync(join(folder, file)), `${file} is missing`);
  }
});

test("types come first in every entry that has them", () => {
  const entries = Object.values(manifest.exports).filter((entry) => typeof entry === "object");
  for (const entry of entries) assert.equal(Object.keys(entry)[0], "types");
});

test("the package has no dependencies and brings its licences and its README", () => {
  assert.equal(manifest.dependencies, undefined);
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "README.md"]) assert.ok(existsSync(join(folder, name)), name);
});

test("the worker is one file that imports nothing", () => {
  const text = readFileSync(join(folder, "dist", "worker.js"), "utf8");
  assert.doesNotMatch(text, /\bimport\s*[("'{*]|\bfrom\s*["']/);
});

test("the browser entry names its files so that bundlers find them", () => {
  const text = readFileSync(join(folder, "dist", "browser.js"), "utf8").replaceAll(/\s/g, "");
  const languages = LANGUAGES.map((name) => `language.${name}.wasm`);
  for (const name of ["engine.relaxed.wasm", "engine.simd.wasm", "worker.js", ...languages]) {
    assert.ok(text.includes(`newURL("./${name}",import.meta.url)`), `new URL for ${name}`);
  }
  for (const name of ["inline.js", "inline-languages.js"]) assert.ok(text.includes(`import("./${name}")`), `a lazy import of ${name}`);
});

test("publint has nothing to say", async () => {
  const bytes = readFileSync(packed);
  const { messages } = await publint({ pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) } });
  assert.deepEqual(messages, []);
});

test("attw finds the types of every entry", () => {
  const untyped = ["./worker", "./engine.wasm", "./engine.relaxed.wasm"];
  const args = [packed, "--profile", "esm-only", "--no-color", "--exclude-entrypoints", ...untyped];
  execFileSync("attw", args, { env: environment(), encoding: "utf8", stdio: "pipe" });
});
