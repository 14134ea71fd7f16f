import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { SanderlingError } from "../../pkg/src/errors.js";
import { transferables, type Reply, type Request } from "../../pkg/src/protocol.js";
import { connect, GONE, type Connection, type Port } from "../src/rpc.js";

/** A connection to something that answers every message with `answer`. */
function connected(t: TestContext, answer: (request: Request, port: MessagePort) => Reply | undefined): Connection {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  port2.on("message", (request: Request) => {
    const reply = answer(request, port2);
    if (reply !== undefined) port2.postMessage(reply, [...transferables("value" in reply ? reply.value : undefined)]);
  });
  const connection = connect(port1 as unknown as Port);
  port1.start();
  return connection;
}

const echo = (request: Request): Reply => ({
  kind: "value",
  id: request.id,
  value: request.kind === "call" ? [request.method, ...request.args] : request.kind,
});

test("a call is one message and one reply, with the method and its arguments", async (t) => {
  const seen: Request[] = [];
  const { host, start } = connected(t, (request) => {
    seen.push(request);
    return echo(request);
  });
  await start({ module: {} as never, simd: "relaxed" });
  assert.deepEqual(await host.version(3, '"a"'), ["version", 3, '"a"']);
  assert.deepEqual(await host.count(3, undefined), ["count", 3, undefined]);
  assert.deepEqual(
    seen.map(({ kind, id }) => [kind, id]),
    [["start", 0], ["call", 1], ["call", 2]],
  );
});

test("typed arrays are given away, not copied", async (t) => {
  const { host } = connected(t, echo);
  const vectors = new Float32Array([1, 2]);
  const layout = new Uint32Array([0, 0, 2]);
  const sent = (await host.put(1, "[]", vectors, layout, undefined)) as unknown as unknown[];
  assert.deepEqual(sent.slice(3, 5), [new Float32Array([1, 2]), new Uint32Array([0, 0, 2])]);
  assert.equal(vectors.length + layout.length, 0);
  const query = { json: '"a"', vectors: new Float32Array([1]), lengths: new Uint32Array([1]) };
  const answer = (await host.search(1, [query])) as unknown as [string, number, (typeof query)[]];
  assert.deepEqual(answer[2][0]?.vectors, new Float32Array([1]));
  assert.equal(query.vectors.length, 1, "a search may be made again, so its vector stays");
});

test("answers find their calls whatever their order", async (t) => {
  const held: Request[] = [];
  const { host } = connected(t, (request, port) => {
    held.push(request);
    if (held.length === 3) for (const each of held.reverse()) port.postMessage(echo(each));
    return undefined;
  });
  const answers = await Promise.all([host.schema(1), host.schema(2), host.schema(3)]);
  assert.deepEqual(answers, [1, 2, 3].map((handle) => ["schema", handle]));
});

test("an error keeps its class, code, message and details", async (t) => {
  const wire = { code: "schema", message: "no", details: { field: "a" } } as const;
  const { host } = connected(t, ({ id }) => ({ kind: "error", id, error: wire }));
  await assert.rejects(host.drop(1, "x"), (error: unknown) => {
    assert.ok(error instanceof SanderlingError);
    assert.deepEqual({ code: error.code, message: error.message, details: error.details }, wire);
    return true;
  });
});

test("progress is told to the call that asked for it, which may stop it", async (t) => {
  const seen: Request[] = [];
  const { host } = connected(t, (request, port) => {
    seen.push(request);
    if (request.kind === "stop") return { kind: "error", id: request.id, error: { code: "aborted", message: "", details: {} } };
    for (const done of [1, 2, 3]) port.postMessage({ kind: "progress", id: request.id, done, total: 3 });
    return undefined;
  });
  const [first, second]: number[][] = [[], []];
  const compactings = [
    host.compact(7, (done, total) => first!.push(done / total) === 3),
    host.compact(8, (done, total) => second!.push(done * total) === 1),
  ];
  for (const compacting of compactings) await assert.rejects(compacting, { code: "aborted" });
  assert.deepEqual([first, second], [[1 / 3, 2 / 3, 1], [3, 6, 9]]);
  assert.deepEqual(
    seen.filter(({ kind }) => kind === "call"),
    [7, 8].map((handle, at) => ({ kind: "call", id: at + 1, method: "compact", args: [handle], reports: true })),
  );
  assert.deepEqual(seen.flatMap((request) => (request.kind === "stop" ? [request.id] : [])).sort(), [1, 2]);
});

test("when the worker ends, calls under way and later ones reject", async (t) => {
  const { host, end } = connected(t, () => undefined);
  const waiting = host.flush(1);
  end(new SanderlingError("unavailable", "the worker was ended"));
  await assert.rejects(waiting, { code: "unavailable", message: /ended/ });
  await assert.rejects(host.flush(1), { code: "unavailable" });
});

test("an engine that must not be entered again says so once, and ends every call", async (t) => {
  const seen: string[] = [];
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const { host } = connect(port1 as unknown as Port, (error) => seen.push(error.code));
  port1.start();
  const waiting = host.flush(1);
  const error = { code: "internal", message: "trap", details: { trap: "unreachable" } } as const;
  for (let times = 0; times < 2; times += 1) port2.postMessage({ kind: "error", id: 0, error });
  await assert.rejects(waiting, { code: "internal", details: { trap: "unreachable" } });
  await assert.rejects(host.flush(1), { code: "internal" });
  assert.deepEqual(seen, ["internal"]);
});

test("a call that an engine of another tab takes no more is told apart from one that failed", async (t) => {
  const { host } = connected(t, ({ id }) => ({ kind: "gone", id }));
  await assert.rejects(host.flush(1), (error) => error === GONE);
});

test("a worker that fails to load rejects the start", async () => {
  let fail: (event: unknown) => void = () => undefined;
  const { start } = connect({
    postMessage: () => undefined,
    addEventListener: (type: string, listener: (event: never) => void) => {
      if (type === "error") fail = listener as typeof fail;
    },
  });
  const starting = start({ module: {} as never, simd: "simd128" });
  fail({});
  await assert.rejects(starting, { code: "unavailable", message: /could not be loaded/ });
});

test("what cannot be cloned is a typed error and leaves nothing waiting", async (t) => {
  const { host } = connected(t, echo);
  const backend = { list: () => [] } as never;
  const opening = host.open("x", backend, { durability: "strict", memoryBudget: 1 });
  await assert.rejects(opening, { code: "internal", message: /could not be sent/ });
});
