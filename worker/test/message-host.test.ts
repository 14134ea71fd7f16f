import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Host } from "../../pkg/src/host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import type { Reply, Request } from "../../pkg/src/protocol.js";
import { serveMessages, type Port, type Serving } from "../src/message-host.js";

function served(host: Partial<Host>, more: Serving = {}): { ask: (request: object) => Promise<unknown>; port: MessagePort; starts: () => number } {
  const { port1, port2 } = new MessageChannel();
  let started = 0;
  const start = async (): Promise<Host> => {
    started += 1;
    return host as Host;
  };
  serveMessages(port2 as unknown as Port, { start, ...more });
  // Node's ports know addEventListener only once they are started.
  port2.start();
  const ask = async (request: object): Promise<unknown> => {
    const reply = once(port1, "message");
    port1.postMessage(request as Request);
    return ((await reply) as unknown[])[0];
  };
  return { ask, port: port1, starts: () => started };
}

const start = { kind: "start", id: 0, module: {}, simd: "simd128" };

test("a call is answered with its id and value; buffers are given away, not copied", async (t) => {
  const vectors = new Float32Array([1, 2]);
  const { ask, port, starts } = served({
    get: async () => ({ json: "{}", vectors, layout: new Uint32Array([0, 0, 2]) }),
  });
  t.after(() => port.close());
  assert.deepEqual(await ask(start), { kind: "value", id: 0, value: undefined });
  assert.deepEqual(await ask(start), { kind: "value", id: 0, value: undefined });
  assert.equal(starts(), 1);
  const value = { json: "{}", vectors: new Float32Array([1, 2]), layout: new Uint32Array([0, 0, 2]) };
  assert.deepEqual(await ask({ kind: "call", id: 7, method: "get", args: [1, '"a"'] }), { kind: "value", id: 7, value });
  assert.equal(vectors.length, 0, "the sender's buffer was detached");
});

test("a call that reports tells its progress until it is asked to stop", async (t) => {
  const { ask, port } = served({
    compact: async (_, report) => {
      for (let done = 0; !report!(done, 9); done += 1) await new Promise((resolve) => setTimeout(resolve));
      throw new SanderlingError("aborted", "stopped");
    },
    flush: async () => undefined,
  });
  t.after(() => port.close());
  await ask(start);
  const replies: Reply[] = [];
  port.on("message", (reply: Reply) => {
    replies.push(reply);
    // Of a call that has ended, or that is another one, nothing comes.
    if (replies.length === 2) for (const id of [4, 6]) port.postMessage({ kind: "stop", id } as Request);
    if (replies.length === 4) port.postMessage({ kind: "stop", id: 5 } as Request);
  });
  port.postMessage({ kind: "call", id: 5, method: "compact", args: [1], reports: true } as Request);
  while (replies.at(-1)?.kind !== "error") await once(port, "message");
  const error = { code: "aborted", message: "stopped", details: {} };
  assert.deepEqual(replies.at(-1), { kind: "error", id: 5, error });
  assert.ok(replies.length > 4);
  replies.slice(0, -1).forEach((reply, done) => assert.deepEqual(reply, { kind: "progress", id: 5, done, total: 9 }));
});

test("an error is answered with all its fields", async (t) => {
  const { ask, port } = served({
    put: () => Promise.reject(new SanderlingError("conflict", "no", { found: 3 })),
  });
  t.after(() => port.close());
  await ask(start);
  const error = { code: "conflict", message: "no", details: { found: 3 } };
  assert.deepEqual(await ask({ kind: "call", id: 1, method: "put", args: [] }), { kind: "error", id: 1, error });
});

test("calls before the start and unknown calls are errors, not silence", async (t) => {
  const { ask, port } = served({});
  t.after(() => port.close());
  const early = (await ask({ kind: "call", id: 1, method: "get", args: [] })) as { error: { code: string } };
  assert.equal(early.error.code, "internal");
  await ask(start);
  for (const method of ["format", "toString", "constructor", "__proto__"]) {
    const unknown = (await ask({ kind: "call", id: 2, method, args: [] })) as { error: { code: string } };
    assert.equal(unknown.error.code, "internal");
  }
});

test("a fence stops every call but close, and another tab is told when the database goes", async (t) => {
  let [isFenced, isOver] = [true, false];
  const done: string[] = [];
  const { ask, port } = served(
    { flush: async () => void done.push("flush"), close: async () => void done.push("close") },
    {
      fence: () => (isFenced ? Promise.reject(new SanderlingError("unavailable", "fenced")) : undefined),
      isOver: () => isOver,
    },
  );
  t.after(() => port.close());
  await ask(start);
  const fenced = (await ask({ kind: "call", id: 1, method: "flush", args: [1] })) as { error: { message: string } };
  assert.equal(fenced.error.message, "fenced");
  await ask({ kind: "call", id: 2, method: "close", args: [1] });
  assert.deepEqual(done, ["close"]);
  isFenced = false;
  await ask({ kind: "call", id: 3, method: "flush", args: [1] });
  isOver = true;
  assert.deepEqual(await ask({ kind: "call", id: 4, method: "flush", args: [1] }), { kind: "gone", id: 4 });
  assert.deepEqual(done, ["close", "flush"]);
});

test("a trap is told once more to whoever replaces the engine", async (t) => {
  const told: string[] = [];
  const trapped = new SanderlingError("internal", "the engine stopped", { trap: "unreachable" });
  const { ask, port } = served({ flush: () => Promise.reject(trapped) }, { trapped: ({ code }) => void told.push(code) });
  t.after(() => port.close());
  await ask(start);
  const { error } = (await ask({ kind: "call", id: 1, method: "flush", args: [1] })) as { error: unknown };
  assert.deepEqual(error, { code: "internal", message: "the engine stopped", details: { trap: "unreachable" } });
  assert.deepEqual(told, ["internal"]);
});
