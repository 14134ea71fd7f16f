import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { StorageBackend } from "../../pkg/src/index.js";
import { createFolder, destroyFolder, nodeFiles, openFolder } from "../src/storage/node-fs.js";

const DURABLE = { durable: true };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = async (backend: StorageBackend, name: string, offset = 0, length = 1000): Promise<string> =>
  new TextDecoder().decode(await backend.read(name, offset, length));

function scratch(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), "sanderling-fs-"));
  t.after(() => rmSync(parent, { recursive: true }));
  return join(parent, "a", "library");
}

function opened(t: TestContext, folder = scratch(t)): StorageBackend {
  const backend = openFolder(folder);
  t.after(() => backend.close?.());
  return backend;
}

test("appending creates an object and adds at its end, durable or not", async (t) => {
  const backend = opened(t);
  await backend.append("wal-1", bytes("ab"), DURABLE);
  await backend.append("wal-1", bytes("cd"), { durable: false });
  await backend.append("wal-1", new Uint8Array(), DURABLE);
  assert.equal(await text(backend, "wal-1"), "abcd");
  assert.deepEqual(await backend.list(), [{ name: "wal-1", size: 4 }]);
});

test("reading gives a range, and less only at the end", async (t) => {
  const backend = opened(t);
  await backend.write("seg-1", bytes("0123456789"), DURABLE);
  assert.equal(await text(backend, "seg-1", 2, 3), "234");
  assert.equal(await text(backend, "seg-1", 8, 5), "89");
  assert.equal(await text(backend, "seg-1", 10, 5), "");
  assert.equal(await text(backend, "seg-1", 99, 5), "");
  assert.throws(() => backend.read("seg-2", 0, 1));
  assert.deepEqual(await backend.list(), [{ name: "seg-1", size: 10 }], "reading creates nothing");
});

test("reading at once fills what it is given, or throws", (t) => {
  const backend = opened(t);
  void backend.write("seg-1", bytes("0123456789"), DURABLE);
  const into = bytes("........");
  backend.readSync!("seg-1", 3, into.subarray(2, 6));
  assert.equal(new TextDecoder().decode(into), "..3456..");
  backend.readSync!("seg-1", 0, new Uint8Array());
  assert.throws(() => backend.readSync!("seg-1", 3, into), { code: "unavailable", details: { file: "seg-1" } });
  assert.throws(() => backend.readSync!("seg-2", 0, into), { code: "ENOENT" });
  assert.throws(() => backend.readSync!("../seg-1", 0, into), { code: "invalid" });
  void backend.close?.();
  assert.throws(() => backend.readSync!("seg-1", 0, into), { code: "closed" });
});

test("writing replaces the whole object, shorter or longer", async (t) => {
  const backend = opened(t);
  await backend.write("manifest-a", bytes("long content"), DURABLE);
  await backend.write("manifest-a", bytes("short"), { durable: false });
  assert.equal(await text(backend, "manifest-a"), "short");
  await backend.append("manifest-a", bytes("er"), DURABLE);
  assert.equal(await text(backend, "manifest-a"), "shorter");
});

test("removing an absent object is no error, a removed one is gone", async (t) => {
  const backend = opened(t);
  await backend.remove("wal-9");
  await backend.append("wal-9", bytes("x"), DURABLE);
  await backend.remove("wal-9");
  assert.deepEqual(await backend.list(), []);
  await backend.append("wal-9", bytes("y"), DURABLE);
  assert.equal(await text(backend, "wal-9"), "y");
});

test("a part of a larger buffer is written alone", async (t) => {
  const backend = opened(t);
  await backend.append("wal-1", bytes("0123456789").subarray(3, 6), DURABLE);
  assert.equal(await text(backend, "wal-1"), "345");
});

test("more objects than open files keep their content", async (t) => {
  const backend = opened(t);
  for (let turn = 0; turn < 2; turn += 1) {
    for (let at = 0; at < 150; at += 1) await backend.append(`wal-${at}`, bytes(`${at},`), { durable: turn === 1 });
  }
  for (let at = 0; at < 150; at += 1) assert.equal(await text(backend, `wal-${at}`), `${at},${at},`);
  assert.equal((await backend.list()).length, 150);
});

test("names that could lead elsewhere are refused", (t) => {
  const backend = opened(t);
  for (const name of ["", ".", "..", "a/b", "..\\x", "LOCK", "A", "x".repeat(65), "a\0"]) {
    assert.throws(() => backend.append(name, bytes("x"), DURABLE), { code: "invalid" }, name);
    assert.throws(() => backend.read(name, 0, 1), { code: "invalid" }, name);
    assert.throws(() => backend.remove(name), { code: "invalid" }, name);
  }
});

test("everything is there after reopening; foreign files are not listed", async (t) => {
  const folder = scratch(t);
  const first = openFolder(folder);
  await first.append("wal-1", bytes("kept"), DURABLE);
  assert.throws(() => openFolder(folder), { code: "unavailable" });
  await first.close?.();
  await first.close?.();
  assert.throws(() => first.list(), { code: "closed" });
  writeFileSync(join(folder, "My Notes.txt"), "mine");
  const second = opened(t, folder);
  assert.deepEqual(await second.list(), [{ name: "wal-1", size: 4 }]);
  await second.append("wal-1", bytes("!"), DURABLE);
  assert.equal(readFileSync(join(folder, "wal-1"), "utf8"), "kept!");
});

test("destroying removes the engine's files, and the folder if nothing else is in it", async (t) => {
  const folder = scratch(t);
  destroyFolder(folder);
  const backend = openFolder(folder);
  const objects = ["manifest-a", "manifest-b", "wal-00000001", "segment-0000000f"];
  for (const name of objects) await backend.write(name, bytes("x"), DURABLE);
  assert.throws(() => destroyFolder(folder), { code: "unavailable" });
  assert.equal((await backend.list()).length, objects.length, "nothing was removed");
  await backend.close?.();
  const foreign = ["manifest-c", "notes.txt", "wal-log.txt"];
  for (const name of foreign) writeFileSync(join(folder, name), "mine");
  destroyFolder(folder);
  assert.deepEqual(readdirSync(folder).sort(), foreign);
  for (const name of foreign) rmSync(join(folder, name));
  destroyFolder(folder);
  assert.equal(existsSync(folder), false);
});

test("a folder that cannot be made is unavailable", (t) => {
  const folder = scratch(t);
  const file = join(folder, "..", "..", "file");
  writeFileSync(file, "");
  assert.throws(() => openFolder(join(file, "library")), { code: "unavailable" });
  assert.equal(nodeFiles.folder("/data/x/..", "library"), "/data/library");
});

test("each folder that was made has its name made durable, and that of the database in any case", (t) => {
  const base = join(scratch(t), "..", "..");
  const synced: string[] = [];
  const create = (folder: string): string[] => {
    synced.length = 0;
    createFolder(folder, (above) => synced.push(above));
    return [...synced];
  };
  const folder = join(base, "a", "b", "library");
  assert.deepEqual(create(folder), [join(base, "a", "b"), join(base, "a"), base]);
  assert.deepEqual(create(folder), [join(base, "a", "b")]);
  const refused = Object.assign(new Error("somebody else's"), { code: "EACCES" });
  createFolder(folder, () => {
    throw refused;
  });
  assert.throws(() => createFolder(folder, () => {
    throw new Error("the disk is broken");
  }), /broken/);
});
