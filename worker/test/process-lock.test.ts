import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { acquireProcessLock, type ProcessLock } from "../src/storage/process-lock.js";

// This file is also the other processes: started with a folder as its argument it takes and gives up the lock as told.
const [, , childFolder] = process.argv;

type Outcome = "locked" | "unavailable" | `error: ${string}`;

function attempt(folder: string): { outcome: Outcome; lock?: ProcessLock } {
  try {
    return { outcome: "locked", lock: acquireProcessLock(folder) };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { outcome: code === "unavailable" ? code : `error: ${message}` };
  }
}

function beChild(folder: string): void {
  let lock: ProcessLock | undefined;
  process.on("message", (message: { acquireAt: number } | "release") => {
    if (message === "release") {
      lock?.release();
      process.send?.("released");
      return;
    }
    // All racers spin until the same moment, so that they really meet.
    while (Date.now() < message.acquireAt);
    const { outcome, lock: taken } = attempt(folder);
    lock = taken;
    process.send?.(outcome);
  });
}

async function ask(child: ChildProcess, message: { acquireAt: number } | "release"): Promise<unknown> {
  const answer = once(child, "message");
  child.send(message);
  return ((await answer) as unknown[])[0];
}

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sanderling-lock-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function startChild(t: TestContext, folder: string): ChildProcess {
  const child = fork(fileURLToPath(import.meta.url), [folder], { execArgv: [] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

async function deadRecord(t: TestContext, folder: string): Promise<string> {
  const child = startChild(t, folder);
  assert.equal(await ask(child, { acquireAt: 0 }), "locked");
  await kill(child);
  const record = readFileSync(join(folder, "LOCK"), "latin1");
  unlinkSync(join(folder, "LOCK"));
  return record;
}

function defineOwnerTests(): void {
  test("a lock is a file with one complete record, gone after release", (t) => {
    const folder = scratch(t);
    const lock = acquireProcessLock(folder);
    const record = JSON.parse(readFileSync(join(folder, "LOCK"), "utf8")) as { pid: number; start: string };
    assert.equal(record.pid, process.pid);
    if (process.platform === "linux") assert.match(record.start, /^[0-9a-f-]{36}:\d+$/);
    assert.deepEqual(readdirSync(folder), ["LOCK"]);
    lock.release();
    lock.release();
    assert.deepEqual(readdirSync(folder), []);
  });

  test("a second open is refused while the owner lives, and names its process", async (t) => {
    const folder = scratch(t);
    const child = startChild(t, folder);
    assert.equal(await ask(child, { acquireAt: 0 }), "locked");
    assert.throws(() => acquireProcessLock(folder), { code: "unavailable", details: { pid: child.pid, folder } });
    await ask(child, "release");
    acquireProcessLock(folder).release();
  });

  test("the same process is refused too: its threads share a process id", async (t) => {
    const folder = scratch(t);
    const lock = acquireProcessLock(folder);
    assert.equal(attempt(folder).outcome, "unavailable");
    const thread = new Worker(new URL(import.meta.url), { argv: [folder, "thread"] });
    const [outcome] = (await once(thread, "message")) as [Outcome];
    assert.equal(outcome, "unavailable");
    lock.release();
  });

  test("a killed owner's lock is taken over at once", async (t) => {
    const folder = scratch(t);
    for (let round = 0; round < 3; round += 1) {
      const child = startChild(t, folder);
      assert.equal(await ask(child, { acquireAt: 0 }), "locked");
      await kill(child);
      const start = performance.now();
      acquireProcessLock(folder).release();
      assert.ok(performance.now() - start < 100);
      assert.deepEqual(readdirSync(folder), []);
    }
  });

  test("a process id that was given to another process does not count as the owner", (t) => {
    const folder = scratch(t);
    writeFileSync(join(folder, "LOCK"), JSON.stringify({ pid: process.ppid, start: "another boot:1", owner: "x" }));
    acquireProcessLock(folder).release();
  });
}

function defineTakeOverTests(): void {
  for (const garbage of ["", "{", "null", "[]", '{"pid":"1"}', '{"pid":1.5,"start":"x"}', "\xff\x00\xfe"]) {
    test(`an unreadable lock (${JSON.stringify(garbage)}) counts as a dead owner's`, (t) => {
      const folder = scratch(t);
      writeFileSync(join(folder, "LOCK"), garbage, "latin1");
      const lock = acquireProcessLock(folder);
      assert.equal(attempt(folder).outcome, "unavailable");
      assert.deepEqual(readdirSync(folder), ["LOCK"]);
      lock.release();
    });
  }

  test("claims of dead or unreadable claimants are followed to their end", async (t) => {
    const folder = scratch(t);
    for (const claim of ["", await deadRecord(t, folder)]) {
      // The claim's name depends on the owner; a copy of the folder of a racer that died half-way shows it.
      writeFileSync(join(folder, "LOCK"), "");
      writeFileSync(join(folder, "LOCK.after-unreadable-cbf29ce484222325"), claim);
      const lock = acquireProcessLock(folder);
      assert.deepEqual(readdirSync(folder), ["LOCK"]);
      lock.release();
    }
  });

  test("a living claimant keeps others out", (t) => {
    const folder = scratch(t);
    const other = mkdtempSync(join(tmpdir(), "sanderling-lock-"));
    t.after(() => rmSync(other, { recursive: true }));
    const lock = acquireProcessLock(other);
    writeFileSync(join(folder, "LOCK"), "");
    writeFileSync(join(folder, "LOCK.after-unreadable-cbf29ce484222325"), readFileSync(join(other, "LOCK")));
    assert.equal(attempt(folder).outcome, "unavailable");
    assert.equal(readFileSync(join(folder, "LOCK"), "utf8"), "");
    lock.release();
  });

  test("of 8 processes racing for a dead owner's lock exactly one wins, 30 times", async (t) => {
    const folder = scratch(t);
    const dead = await deadRecord(t, folder);
    const racers = Array.from({ length: 8 }, () => startChild(t, folder));
    for (let round = 0; round < 30; round += 1) {
      const content = [dead, "", `garbage ${round}`][round % 3]!;
      writeFileSync(join(folder, "LOCK"), content);
      const acquireAt = Date.now() + 20;
      const outcomes = await Promise.all(racers.map((racer) => ask(racer, { acquireAt })));
      assert.equal(outcomes.filter((outcome) => outcome === "locked").length, 1, `round ${round}: ${outcomes.join(", ")}`);
      assert.equal(outcomes.filter((outcome) => outcome === "unavailable").length, 7, outcomes.join(", "));
      await Promise.all(racers.map((racer) => ask(racer, "release")));
      assert.deepEqual(readdirSync(folder), [], `round ${round} leaves nothing behind`);
    }
  });
}

if (childFolder === undefined) {
  defineOwnerTests();
  defineTakeOverTests();
} else if (process.argv[3] === "thread") {
  const { parentPort } = await import("node:worker_threads");
  parentPort?.postMessage(attempt(childFolder).outcome);
} else beChild(childFolder);
