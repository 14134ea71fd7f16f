// Copies of databases through the package: exported, restored, verified, repaired, destroyed.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { destroy, open, repair, restore, SanderlingError } from "sanderling";
import { bitsOf } from "./bits.mjs";

const path = mkdtempSync(join(tmpdir(), "sanderling-copies-"));
after(() => rmSync(path, { recursive: true, force: true }));

const SCHEMA = {
  fields: {
    title: { type: "text", language: "german" },
    n: { type: "number" },
    vector: { type: "vector", dimensions: 8 },
  },
};
const WORDS = ["Vogel", "Strand", "Wellen", "Ebbe", "Schwarm"];
const vector = (id) => Float32Array.from({ length: 8 }, (_, at) => ((id * 31 + at * 17) % 23) - 11);
const document = (id) => ({
  id,
  title: `${WORDS[id % 5]} und ${WORDS[(id * 7 + 2) % 5]}`,
  n: id % 7,
  vector: vector(id),
  filler: "~".repeat(3_000),
});

async function fill(db) {
  const birds = await db.collection("birds", SCHEMA, { sealAt: 20 });
  for (let id = 0; id < 70; id += 1) await birds.put(document(id));
  await birds.delete([3, 33, 63]);
  await birds.put([document(5), document(71)]);
  await (await db.collection("notes", SCHEMA)).put([1, 2, 3].map(document));
  return birds;
}

/** All that can be seen, with versions and the bits of scores. */
async function seen(db) {
  const found = [];
  for (const name of await db.collections()) {
    const collection = await db.collection(name);
    for await (const { id, title, n } of collection.list()) found.push([name, id, title, n]);
    const queries = [{ limit: 100 }, { text: "vögel", limit: 100 }, { vector: vector(9), limit: 100 }, { text: "strand", vector: vector(4) }];
    for (const query of queries) {
      const { hits } = await collection.search(query);
      found.push(hits.map(({ id, version, score }) => [id, version, bitsOf(score)]));
    }
  }
  return found;
}

async function collected(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

const code = (expected) => (error) => {
  assert.ok(error instanceof SanderlingError, String(error));
  assert.equal(error.code, expected, error.message);
  return true;
};

test("from memory into a folder and back, with the same answers", async () => {
  const db = await open("source");
  await fill(db);
  const expected = await seen(db);
  const onDisk = await restore("copy", await db.export(), { path });
  assert.deepEqual(await seen(onDisk), expected);
  assert.deepEqual(await onDisk.verify(), { ok: true, files: (await onDisk.verify()).files, problems: [] });
  await onDisk.close();
  const reopened = await open("copy", { path });
  const bytes = await collected(await reopened.export());
  for (const source of [bytes, new Blob([bytes]), bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)]) {
    const back = await restore("back", source);
    assert.deepEqual(await seen(back), expected);
    await back.close();
  }
  // A snapshot stays what it was while the database goes on.
  const stream = await reopened.export();
  const birds = await reopened.collection("birds");
  await birds.delete({ filter: { n: { $gte: 0 } } });
  await birds.compact();
  const before = await restore("before", stream);
  assert.deepEqual(await seen(before), expected);
  await before.close();
  await reopened.close();
  await db.close();
});

test("a database that is there is replaced only where that is asked for", async () => {
  const db = await open("source");
  await fill(db);
  const bytes = await collected(await db.export());
  const old = await open("target", { path });
  await (await old.collection("old", SCHEMA)).put(document(1));
  await assert.rejects(restore("target", bytes, { path, replace: true }), code("unavailable"));
  await old.close();
  await assert.rejects(restore("target", bytes, { path }), code("conflict"));
  for (const damaged of [bytes.subarray(0, 50_000), bytes.map((byte, at) => (at === 70_000 ? byte ^ 1 : byte))]) {
    await assert.rejects(restore("target", damaged, { path, replace: true }), (error) => {
      assert.ok(error.details.received <= 70_000, JSON.stringify(error.details));
      return code("corrupt")(error);
    });
  }
  const kept = await open("target", { path });
  assert.deepEqual(await kept.collections(), ["old"]);
  await kept.close();
  const replaced = await restore("target", bytes, { path, replace: true });
  assert.deepEqual(await seen(replaced), await seen(db));
  await replaced.close();
  await db.close();
});

test("a damaged database is repaired, and what is lost is told", async () => {
  const db = await open("ill", { path });
  await fill(db);
  await db.close();
  const folder = join(path, "ill");
  const segment = readdirSync(folder).find((name) => name.startsWith("segment-"));
  const bytes = readFileSync(join(folder, segment));
  bytes[bytes.length >> 1] ^= 4;
  writeFileSync(join(folder, segment), bytes);
  const ill = await open("ill", { path });
  const { ok, problems } = await ill.verify();
  assert.equal(ok, false);
  assert.deepEqual(problems.map(({ file, collection, kind }) => [file, collection, kind]), [[segment, "birds", "damaged"]]);
  assert.equal((await (await ill.collection("birds")).search({ text: "vogel" })).partial, true);
  await assert.rejects(ill.export(), code("corrupt"));
  await assert.rejects(repair("ill", { path }), code("unavailable"));
  await ill.close();
  const { lost, kept, copies } = await repair("ill", { path });
  assert.deepEqual(lost.map(({ file, collection, kind }) => [file, collection, kind]), [[segment, "birds", "damaged"]]);
  assert.ok(copies.includes(`damaged-${segment}`), String(copies));
  assert.deepEqual(readFileSync(join(folder, `damaged-${segment}`)), bytes);
  const well = await open("ill", { path });
  assert.equal((await well.verify()).ok, true);
  const birds = await well.collection("birds");
  assert.equal((await birds.search({ text: "vogel" })).partial, undefined);
  assert.equal((await birds.count()) + (await (await well.collection("notes")).count()), kept.documents);
  await birds.put(document(100));
  await well.close();
  await destroy("ill", { path });
  assert.equal(existsSync(folder), false);
  await assert.rejects(repair("absent", { path }), code("unavailable"));
});

test("a signal stops each of them", async () => {
  const db = await open("source");
  await fill(db);
  const signal = AbortSignal.abort();
  await assert.rejects(db.export({ signal }), code("aborted"));
  await assert.rejects(db.verify({ signal }), code("aborted"));
  await assert.rejects(restore("stopped", await db.export(), { signal }), code("aborted"));
  await assert.rejects(repair("stopped", { path, signal }), code("aborted"));
  const controller = new AbortController();
  const reader = (await db.export({ signal: controller.signal })).getReader();
  controller.abort();
  await assert.rejects(reader.read(), code("aborted"));
  await db.close();
});
