// A tab that the driver works in. What is acknowledged here counts when the driver has heard of it: `ack` is the driver's.
import * as sanderling from "sanderling";
import { document, stepOf } from "./steps.js";

const SCHEMA = {
  fields: {
    text: { type: "text" },
    number: { type: "number" },
    vector: { type: "vector", dimensions: 8 },
  },
};
/** So few that segments are sealed and merged all the time. */
const SETTINGS = { sealAt: 100 };

let database, collection, running;

const told = (error) => ({ code: error.code ?? "none", message: String(error.message), details: error.details ?? {} });

/** Opens the database; answers the role and how long it took to the first answer. */
async function begin(name, options) {
  const start = performance.now();
  database = await sanderling.open(name, options);
  collection = await database.collection("all", SCHEMA, SETTINGS);
  await collection.count();
  const took = performance.now() - start;
  return { took, ...(await database.status()) };
}

/** Writes one document after the other, each with an operation of its own, until told to stop. */
function write(tab) {
  let isOver = false;
  const loop = async () => {
    for (let number = 0; !isOver; number += 1) {
      const operation = `${tab}:${number}`;
      try {
        const { ids, versions } = await collection.put({ operation, ...document(number) });
        globalThis.ack({ operation, id: ids[0], version: versions[0] });
      } catch (error) {
        globalThis.ack({ operation, error: told(error) });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const done = loop();
  running = () => {
    isOver = true;
    return done;
  };
}

const stop = () => running?.();

/** Every document: [id, version, operation], as a search tells it, which names versions. */
async function everything() {
  const found = [];
  for (let cursor; ; ) {
    const { hits, cursor: next } = await collection.search({ filter: {}, limit: 1_000, select: ["operation"], ...(cursor ? { cursor } : {}) });
    for (const { id, version, document } of hits) found.push([id, version, document.operation]);
    if (next === undefined || hits.length === 0) return found;
    cursor = next;
  }
}

/** Takes the steps from `first` on, several of them under way at a time, and acknowledges each. */
function steps(first, ahead) {
  let [step, isOver] = [first, false];
  const loop = async () => {
    while (!isOver) {
      const mine = step;
      step += 1;
      const { deleted, documents } = stepOf(mine);
      try {
        await (deleted === undefined ? collection.put(documents) : collection.delete(deleted));
        globalThis.ack({ step: mine });
      } catch (error) {
        // The steps behind one that may not have been taken would leave a hole.
        isOver = true;
        globalThis.ack({ step: mine, error: told(error) });
      }
      if (mine % 500 !== 499 || isOver) continue;
      await collection.compact().catch((error) => {
        isOver = true;
        globalThis.ack({ error: told(error) });
      });
    }
  };
  const done = Promise.all(Array.from({ length: ahead }, loop));
  running = () => {
    isOver = true;
    return done;
  };
}

/** What is stored: [id, step] of every document, and whether text and vectors are found as they should be. */
async function stored() {
  const found = [];
  for await (const { id, step, number } of collection.list()) {
    if (step !== number) throw new Error(`the document ${id} is of two steps`);
    found.push([id, step]);
  }
  const { total } = await collection.search({ text: "common", limit: 0 });
  const near = await collection.search({ vector: document(1).vector, limit: 1 });
  const { ok, problems } = await database.verify();
  return { found, total, near: near.total, ok, problems };
}

/** Waits until a call is answered and all steps have ended. */
async function goesOn() {
  await collection.count();
  await stop();
  await database.close();
}

/** The engine's wasm with a memory that cannot grow beyond so many pages: nothing else brings an engine down that has no defect. */
function withMemory(bytes, pages) {
  const number = (from) => {
    for (let [value, shift, at] = [0, 0, from]; ; shift += 7, at += 1) {
      value += (bytes[at] & 127) * 2 ** shift;
      if (bytes[at] < 128) return [value, at + 1];
    }
  };
  for (let at = 8; at < bytes.length; ) {
    const [length, start] = number(at + 1);
    if (bytes[at] === 5) {
      // One memory: the flags, of which the first bit says that there is a maximum, and the minimum.
      const [minimum, end] = number(start + 2);
      const most = Math.max(minimum, pages);
      const limits = [1, 1, ...bytes.subarray(start + 2, end), (most & 127) | 128, most >> 7];
      return Uint8Array.from([...bytes.subarray(0, at + 1), limits.length, ...limits, ...bytes.subarray(start + length)]);
    }
    at = start + length;
  }
  throw new Error("a wasm without a memory");
}

async function openSmall(name) {
  const bytes = new Uint8Array(await (await fetch("./dist/engine.simd.wasm")).arrayBuffer());
  await begin(name, { wasm: withMemory(bytes, 160) });
}

/** Puts what the engine's memory cannot hold, beside a read; answers what came of it, and how long the engine was away. */
async function outOfMemory(name) {
  for (let number = 0; number < 20; number += 1) await collection.put(document(number));
  const documents = await collection.count();
  const put = collection.put({ name, text: "word ".repeat(4_000_000) }).catch(told);
  const beside = collection.count();
  const error = await put;
  const start = performance.now();
  await collection.count();
  return { error, took: performance.now() - start, documents, beside: await beside };
}

const close = () => database.close();
const status = () => database.status();
const count = () => collection.count().catch((error) => ({ error: told(error) }));
const put = (one) => collection.put(one).catch((error) => ({ error: told(error) }));

globalThis.driven = { sanderling, begin, write, stop, everything, steps, stored, close, status, count, put, goesOn, openSmall, outOfMemory };
window.document.title = "ready";
