import assert from "node:assert/strict";
import { test } from "node:test";
import { SanderlingError } from "../src/errors.js";
import { importAll, type ImportOptions, type ImportProgress, type ImportSource } from "../src/import.js";

interface Stored {
  readonly batches: unknown[][];
  readonly progress: ImportProgress[];
  readonly error?: SanderlingError;
}

async function imported(source: unknown, options?: ImportOptions, failAt = Infinity): Promise<Stored> {
  const batches: unknown[][] = [];
  const progress: ImportProgress[] = [];
  const put = async (batch: readonly unknown[]): Promise<never> => {
    if (batches.length === failAt) throw new SanderlingError("conflict", "no", { why: "test" });
    batches.push([...batch]);
    return undefined as never;
  };
  try {
    for await (const step of importAll(put, source as ImportSource<unknown>, options)) progress.push(step);
  } catch (error) {
    assert.ok(error instanceof SanderlingError, String(error));
    return { batches, progress, error };
  }
  return { batches, progress };
}

const documents = (count: number): { id: number }[] => Array.from({ length: count }, (_, id) => ({ id }));

function stream(chunks: readonly unknown[]): ReadableStream<unknown> & { left?: boolean } {
  const rest = [...chunks];
  const made: ReadableStream<unknown> & { left?: boolean } = new ReadableStream<unknown>(
    {
      pull: (controller) => (rest.length > 0 ? controller.enqueue(rest.shift()) : controller.close()),
      cancel: () => void (made.left = true),
    },
    { highWaterMark: 0 },
  );
  return made;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("documents are put in batches, and told after each", async () => {
  const { batches, progress } = await imported(documents(7), { batchSize: 3 });
  assert.deepEqual(batches.map((batch) => batch.length), [3, 3, 1]);
  assert.deepEqual(progress, [3, 6, 7].map((count) => ({ read: count, stored: count })));
  assert.deepEqual((await imported([])).progress, [{ read: 0, stored: 0 }]);
});

test("an import goes on where it broke off", async () => {
  const { batches, error } = await imported(documents(7), { batchSize: 2 }, 2);
  assert.equal(error?.code, "conflict");
  assert.deepEqual(error?.details, { why: "test", read: 4, stored: 4 });
  const rest = await imported(documents(7), { batchSize: 2, skip: error?.details["read"] as number });
  assert.deepEqual([...batches.flat(), ...rest.batches.flat()], documents(7));
  assert.deepEqual(rest.progress.at(-1), { read: 7, stored: 3 });
});

test("lines may break anywhere", async () => {
  const expected = [{ id: "ä" }, { id: "b", t: "😀" }, { id: "c" }];
  const text = `\ufeff${expected.map((line) => JSON.stringify(line)).join("\r\n\n")}`;
  const whole = bytes(text);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const chunks = [whole.subarray(0, cut), whole.subarray(cut)];
    assert.deepEqual((await imported(stream(chunks))).batches.flat(), expected, `cut at ${cut}`);
  }
  const lines = expected.map((line) => JSON.stringify(line));
  assert.deepEqual((await imported(lines)).batches.flat(), expected, "whole lines of an iterable");
  assert.deepEqual((await imported(stream([text.slice(1, 9), text.slice(9)]))).batches.flat(), expected, "text of a stream");
});

test("a wrong line is named, and what came before it is told", async () => {
  for (const [line, words] of [
    ["{ no", "line 3"],
    ["[1]", "line 3"],
    ["3", "line 3"],
  ] as const) {
    const source = [`{"id":1}`, `{"id":2}`, line, `{"id":4}`];
    const { batches, error } = await imported(source, { batchSize: 10 });
    assert.equal(error?.code, "invalid");
    assert.match(error?.message ?? "", new RegExp(words));
    assert.deepEqual([batches, error?.details["read"]], [[[{ id: 1 }, { id: 2 }]], 2], "what comes before it is stored");
    const rest = await imported(source, { skip: 3 });
    assert.deepEqual([rest.batches, rest.error], [[[{ id: 4 }]], undefined], "it can be left out");
  }
  const { error } = await imported(stream([Uint8Array.of(0x7b, 0xff)]));
  assert.match(error?.message ?? "", /UTF-8/);
});

test("an error of the source has a code, and tells how far the import has come", async () => {
  const own = new Error("net gone");
  async function* source(): AsyncGenerator<object> {
    yield* documents(5);
    throw own;
  }
  const { batches, error } = await imported(source(), { batchSize: 2 });
  assert.deepEqual([error?.code, error?.details, error?.cause], ["unavailable", { read: 5, stored: 5 }, own]);
  assert.deepEqual(batches.flat(), documents(5));
});

test("text of a stream of Node may break anywhere", async () => {
  const { Readable } = await import("node:stream");
  const text = documents(9).map((line) => JSON.stringify(line)).join("\n");
  const chunks = [text.slice(0, 13), text.slice(13, 14), text.slice(14)].map((chunk) => Buffer.from(chunk));
  const source = Readable.from(chunks, { objectMode: false }).setEncoding("utf8");
  assert.deepEqual((await imported(source)).batches.flat(), documents(9));
});

test("what is no source, and what is no option, is refused", async () => {
  for (const source of [undefined, null, 3, "text", {}, [3], [null]]) {
    assert.equal((await imported(source)).error?.code, "invalid", String(source));
  }
  for (const options of [{ batchSize: 0 }, { batchSize: 1.5 }, { skip: -1 }, { batch: 3 }]) {
    assert.equal((await imported([], options as ImportOptions)).error?.code, "invalid", JSON.stringify(options));
  }
});

test("an aborted import ends though its source hangs, and lets it go", async () => {
  const abort = new AbortController();
  const source = stream([bytes(`{"id":1}\n{"id":2}\n`), bytes("")]);
  const hanging: ReadableStream<unknown> & { left?: boolean } = new ReadableStream<unknown>(
    { pull: () => new Promise(() => undefined), cancel: () => void (hanging.left = true) },
    { highWaterMark: 0 },
  );
  setTimeout(() => abort.abort(), 5);
  const { error } = await imported(hanging, { signal: abort.signal });
  assert.equal(error?.code, "aborted");
  assert.equal(hanging.left, true);
  const put = async (): Promise<never> => undefined as never;
  for await (const _ of importAll(put, source as ImportSource<unknown>, { batchSize: 1 })) break;
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(source.left, true, "a source that is left before its end is told so");
});
