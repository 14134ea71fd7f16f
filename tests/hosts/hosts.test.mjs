// One scenario, five hosts, equal bits: the packed package in Node, Deno, workerd and Chromium against expected.json,
// which is what native Rust answers (crates/testkit/tests/hosts.rs writes and checks it).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { serve } from "../../scripts/demo.mjs";
import { IMPORT_MAP, inChromium, inDeno, inNode, inWorkerd, launchChromium, page } from "../packaging/hosts.mjs";
import { project } from "../packaging/project.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const expected = JSON.parse(readFileSync(path("./expected.json"), "utf8"));

/** A project with the app and what it imports. */
function hostProject(name, options) {
  const folder = project(`hosts-${name}`, { ...options, app: path("./app/") });
  writeFileSync(join(folder, "data.js"), `export default ${readFileSync(path("./scenario.json"), "utf8")};\n`);
  copyFileSync(path("../cases/bits.mjs"), join(folder, "bits.mjs"));
  return folder;
}

/** 32 bits over all ids and all score bits (FNV-1a): enough to see at a glance that hosts agree. */
function digestOf(answers) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify(answers))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

function report(host, answers, about = "") {
  const hits = Object.values(answers).reduce((sum, answer) => sum + answer.hits.length, 0);
  console.log(`${host.padEnd(18)} ${digestOf(answers)}   ${hits} hits ${about}`);
}

/** Every storage of a host must have answered with the expected bits. */
function check(host, answers) {
  for (const [storage, { host: about, result }] of Object.entries(answers)) {
    report(`${host}, ${storage}`, result, JSON.stringify(about));
    assert.deepEqual(result, expected, `${host}, ${storage}`);
  }
}

test("native Rust has written down what it answers", () => {
  report("native", expected);
  const { queries, indexes } = JSON.parse(readFileSync(path("./scenario.json"), "utf8"));
  const ofIndexes = Object.keys(indexes.fields).length * indexes.queries * 2;
  const names = Object.keys(queries);
  assert.deepEqual(Object.keys(expected).slice(0, names.length), names);
  assert.equal(Object.keys(expected).length, names.length + ofIndexes);
  assert.ok(names.every((name) => expected[name].hits.length > 0));
});

/** A project beside a copy of the folder that native Rust filled (crates/testkit/tests/hosts.rs). */
function withNativeFolder(name) {
  const filled = path("../../target/hosts-native");
  if (!existsSync(filled)) execFileSync("cargo", ["test", "-p", "sanderling-testkit", "--test", "hosts"], { cwd: path("../..") });
  const folder = hostProject(name);
  for (const old of ["native", "own"]) rmSync(join(folder, old), { recursive: true, force: true });
  cpSync(filled, join(folder, "native"), { recursive: true });
  return folder;
}

test("Node answers with the native bits, also from the folder that native Rust filled", () => {
  const answers = inNode(withNativeFolder("node"));
  assert.deepEqual(Object.keys(answers), ["memory", "folder", "native", "copy"]);
  check("Node", answers);
});

test("Deno answers with the native bits, also from the folder that native Rust filled", () => {
  const answers = inDeno(withNativeFolder("deno"));
  assert.deepEqual(Object.keys(answers), ["memory", "folder", "native", "copy"]);
  check("Deno", answers);
});

test("workerd answers with the native bits", async () => check("workerd", await inWorkerd(hostProject("workerd"))));

test("Chromium's worker answers with the native bits, from memory, OPFS and IndexedDB", async () => {
  const folder = hostProject("chromium", { page: page("./page.js", IMPORT_MAP) });
  const { server, url } = await serve(folder, 0, {});
  const browser = await launchChromium();
  try {
    await inChromium(browser, url, (answer) => {
      assert.deepEqual([answer.opfs.host.storage, answer.opfs.host.worker], ["opfs", true]);
      assert.deepEqual([answer.indexeddb.host.storage, answer.indexeddb.host.worker], ["indexeddb", true]);
      check("Chromium", answer);
    });
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
});
