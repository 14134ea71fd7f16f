import assert from "node:assert/strict";
import { test } from "node:test";
import { entry, type Entry } from "../src/entry.js";
import type { EngineRestoreOptions } from "../src/engine.js";
import { SanderlingError } from "../src/errors.js";
import { inThreadHost } from "../src/in-thread-host.js";
import { inThreadLocate } from "../src/in-thread-platform.js";
import type { StorageBackend } from "../src/index.js";
import { fakeEngine, type FakeEngine } from "./fake-engine.js";

function fresh(): Entry & { readonly engine: FakeEngine } {
  const engine = fakeEngine();
  const host = inThreadHost(engine, "simd128");
  const languages = { language: (name: string) => Promise.reject(new Error(name)), read: () => Promise.reject(new Error()) };
  return { engine, ...entry(inThreadLocate({ host: () => Promise.resolve(host) }), languages) };
}

const rejects = (call: Promise<unknown>, code: string, message?: RegExp): Promise<void> =>
  assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof SanderlingError, String(error));
    assert.equal(error.code, code, error.message);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });

const calls = (engine: FakeEngine, method: string): unknown[] =>
  engine.calls.filter((call) => call.method === method).map(({ args }) => args);

/** A stream of these pieces; a piece that is an error breaks it off. */
function stream(...pieces: readonly unknown[]): ReadableStream<Uint8Array> & { cancelled?: unknown } {
  const rest = [...pieces];
  const made: ReadableStream & { cancelled?: unknown } = new ReadableStream(
    {
      pull: (controller) => {
        const piece = rest.shift();
        if (piece instanceof Error) controller.error(piece);
        else if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel: (reason) => void (made.cancelled = reason),
    },
    { highWaterMark: 0 },
  );
  return made;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test("an export is read as its reader asks, and ended with its last bytes", async () => {
  const { engine, open } = fresh();
  const db = await open("library");
  const found: number[] = [];
  const exported = await db.export();
  assert.deepEqual(calls(engine, "exportPiece"), [], "nothing is read ahead");
  for await (const piece of exported as AsyncIterable<Uint8Array>) found.push(...piece);
  assert.deepEqual(found, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(calls(engine, "endExport"), [[5]]);
  assert.deepEqual(
    calls(engine, "exportPiece").map((args) => (args as number[])[1]),
    [0, 4, 8],
  );
});

test("an export that is cancelled, aborted or fails is ended too", async () => {
  const { engine, open } = fresh();
  const db = await open("library");
  const cancelled = (await db.export()).getReader();
  await cancelled.read();
  await cancelled.cancel();
  assert.deepEqual(calls(engine, "endExport"), [[5]]);
  const controller = new AbortController();
  const aborted = (await db.export({ signal: controller.signal })).getReader();
  await aborted.read();
  controller.abort(new Error("enough"));
  await rejects(aborted.read() as Promise<unknown>, "aborted", /enough/);
  assert.deepEqual(calls(engine, "endExport"), [[5], [5]]);
  const closed = (await db.export()).getReader();
  await db.close();
  await rejects(closed.read() as Promise<unknown>, "closed");
  await rejects(db.export(), "closed");
  await rejects(db.export({ since: 3 } as never), "invalid");
});

test("a database is restored from a stream, a blob and bytes, and is open then", async () => {
  const source = bytes(9, 9, 1, 2, 3, 4);
  const sources = [stream(bytes(1, 2), bytes(3), bytes(4)), new Blob([bytes(1, 2), bytes(3, 4)]), source.subarray(2)];
  for (const given of [...sources, source.slice(2).buffer]) {
    const { engine, restore, open } = fresh();
    const db = await restore("copy", given, { durability: "relaxed", memoryBudget: 9 });
    assert.deepEqual((calls(engine, "piece") as number[][][]).flat(2), [1, 2, 3, 4]);
    const [[options]] = calls(engine, "restore") as [[EngineRestoreOptions]];
    const { name, durability, memoryBudget, replace } = options;
    assert.deepEqual([name, durability, memoryBudget, replace], ["copy", "relaxed", 9, false]);
    assert.equal((await db.status()).durability, "relaxed");
    // Who opens it now joins, and who restores it is refused.
    const joined = await open("copy", { durability: "relaxed" });
    await rejects(restore("copy", bytes(1), { replace: true }), "unavailable", /open in this process/);
    await joined.close();
    assert.equal(engine.openCount(), 1);
    await db.close();
    assert.equal(engine.openCount(), 0);
  }
  assert.equal(source.length, 6, "the caller keeps its bytes");
});

test("what goes wrong on either side ends the restore and frees the name", async () => {
  const { engine, restore } = fresh();
  await rejects(restore("copy", stream(bytes(1), new Error("the line is dead"))), "unavailable", /the line is dead/);
  await rejects(restore("copy", stream(bytes(1), "text")), "invalid", /piece of the stream/);
  await rejects(restore("copy", 7 as never), "invalid", /a ReadableStream, a Blob or bytes/);
  await rejects(restore("copy", bytes(1), { overwrite: true } as never), "invalid");
  engine.failWith({ code: "conflict", message: "there already", details: {} });
  await rejects(restore("copy", bytes(1)), "conflict");
  const damaged = stream(bytes(1), bytes(2), bytes(3));
  let pieces = 0;
  const failing = { ...engine };
  const { restore: original } = failing;
  const host = inThreadHost(
    {
      ...failing,
      restore: (options, next) =>
        original(options, async () => {
          pieces += 1;
          if (pieces === 3) throw { code: "corrupt", message: "damaged", details: { received: 1 } };
          return next();
        }),
    },
    "simd128",
  );
  const { restore: second } = entry(inThreadLocate({ host: () => Promise.resolve(host) }), {} as never);
  await assert.rejects(second("copy", damaged), { code: "corrupt", details: { received: 1 } });
  assert.ok(damaged.cancelled !== undefined, "the source is told");
  const controller = new AbortController();
  const endless = new ReadableStream<Uint8Array>();
  const waiting = restore("copy", endless, { signal: controller.signal });
  setTimeout(() => controller.abort(), 5);
  await rejects(waiting, "aborted");
  await (await restore("copy", bytes(1))).close();
  assert.equal(engine.openCount(), 0);
});

test("a repair holds the database for itself, and answers what it did", async () => {
  const { engine, repair, open } = fresh();
  let closed = 0;
  const storage: StorageBackend = {
    list: () => [],
    read: () => bytes(),
    append: () => undefined,
    write: () => undefined,
    remove: () => undefined,
    close: () => void (closed += 1),
  };
  const repairing = repair("library", { storage });
  await rejects(open("library", { storage }), "unavailable", /being repaired/);
  assert.deepEqual(await repairing, { lost: [], kept: { documents: 3 }, copies: [] });
  assert.equal(closed, 1);
  const db = await open("library", { storage });
  await rejects(repair("library", { storage }), "unavailable", /open in this process/);
  assert.deepEqual(await db.verify(), { ok: true, files: 2, problems: [] });
  await db.close();
  engine.failWith({ code: "corrupt", message: "nothing was touched", details: {} });
  await rejects(repair("library", { storage }), "corrupt");
  await repair("library", { storage });
  await rejects(repair("library", { storage, signal: AbortSignal.abort() }), "aborted");
});
