// How long a page waits from `open()` to its first hits, with documents that an earlier visit stored, and how long a put of one takes.
// `npm run bench:open`, with `-- --documents 5000 --rounds 10` `--sealed`, which compacts them first, `--budget` with bytes, `--storage
// indexeddb` or `opfs`, and `--young` not to wait until the files of OPFS are settled. Every round is a new page load; the engine is
// compiled anew. The profile is on disk: without one a browser keeps both storages in memory.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { CHROMIUM_ARGS, CHROMIUM_MISSING, findChromium } from "./chromium.mjs";
import { serve } from "./demo.mjs";
import { setup } from "./setup.mjs";
import { at, Explained, isMain, main } from "./workspace.mjs";

const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="./page.js"></script>`;

// The words are drawn by rank so that some are frequent, as in a language; vectors have 384 dimensions.
const SCRIPT = `
import { open } from "./sanderling/browser.js";
const SCHEMA = { fields: { title: { type: "text", weight: 2 }, body: { type: "text", language: "english" },
  kind: { type: "keyword" }, vector: { type: "vector", dimensions: 384 } } };
let state = 1;
const random = () => ((state = Math.imul(state, 1664525) + 1013904223 | 0) >>> 8) / 2 ** 24;
const word = () => "w" + Math.floor(3000 ** random());
const words = (count) => Array.from({ length: count }, word).join(" ");
const vector = () => Float32Array.from({ length: 384 }, () => random() - 0.5);
const document_ = (id) => ({ id, title: words(4), body: words(30), kind: "k" + id % 7, vector: vector() });

const SETTLED_MS = 61_000;
const put = async (collection, count, times) => {
  for (let at = 0; at < count; at += 1) {
    const document = document_("put-" + at);
    const started = performance.now();
    await collection.put(document);
    times.push(performance.now() - started);
  }
};

window.puts = async (storage, count, isYoung) => {
  const db = await open("bench-puts", { storage });
  const collection = await db.collection("documents", SCHEMA);
  if (storage === "opfs" && !isYoung) await new Promise((done) => setTimeout(done, SETTLED_MS));
  const times = [];
  await put(collection, count, times);
  await db.close();
  return times.sort((a, b) => a - b);
};

window.fill = async (count, isSealed, storage, isYoung) => {
  const db = await open("bench", { storage });
  if (storage === "opfs" && !isYoung) await new Promise((done) => setTimeout(done, SETTLED_MS));
  const collection = await db.collection("documents", SCHEMA);
  for (let from = 0; from < count; from += 500) {
    await collection.put(Array.from({ length: Math.min(500, count - from) }, (_, at) => document_(from + at)));
  }
  if (isSealed) await collection.compact();
  await db.close();
};

window.firstHits = async (memoryBudget, storage) => {
  const started = performance.now();
  const db = await open("bench", { memoryBudget, storage });
  const collection = await db.collection("documents", SCHEMA);
  const opened = performance.now();
  const { hits } = await collection.search({ text: "w1 w2", vector: vector(), limit: 10 });
  const found = performance.now();
  if (hits.length !== 10) throw new Error("expected 10 hits, found " + hits.length);
  const warm = performance.now();
  for (let at = 0; at < 50; at += 1) await collection.search({ text: "w1 w2", vector: vector(), limit: 10 });
  const later = (performance.now() - warm) / 50;
  const { memory } = await collection.stats();
  await db.close();
  return { opened: opened - started, first: found - started, later, memory };
};
`;

function sitePage() {
  const folder = at("target", "bench-open");
  mkdirSync(folder, { recursive: true });
  cpSync(at("pkg", "dist"), join(folder, "sanderling"), { recursive: true });
  writeFileSync(join(folder, "index.html"), PAGE);
  writeFileSync(join(folder, "page.js"), SCRIPT);
  return folder;
}

const PUTS = 500;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function measure(tab, url, { documents, rounds, isSealed, budget, storage, isYoung }) {
  await tab.goto(url);
  const puts = await tab.evaluate((how) => window.puts(...how), [storage, PUTS, isYoung]);
  const share = (part) => puts[Math.floor(puts.length * part)].toFixed(2);
  console.log(`put of one document, ${storage}${isYoung ? ", young" : ""}: p50 ${share(0.5)} ms, p90 ${share(0.9)}, p99 ${share(0.99)} (${puts.length} puts)`);
  await tab.evaluate((how) => window.fill(...how), [documents, isSealed, storage, isYoung]);
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    await tab.goto(url);
    times.push(await tab.evaluate((how) => window.firstHits(...how), [budget, storage]));
  }
  const line = (name) => {
    const values = times.map((time) => time[name]);
    return `median ${median(values).toFixed(1)} ms, ${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
  };
  console.log(`${documents} ${isSealed ? "sealed" : "logged"} documents with 384 dimensions in ${storage}, ${rounds} page loads`);
  console.log(`open() and collection():   ${line("opened")}`);
  console.log(`open() to the first hits:  ${line("first")}`);
  console.log(`each of 50 later searches: ${line("later")}`);
  console.log(`memory of the collection:  ${(times[0].memory / 2 ** 20).toFixed(1)} MiB`);
}

async function bench() {
  const { values } = parseArgs({
    options: {
      documents: { type: "string", default: "5000" },
      rounds: { type: "string", default: "10" },
      sealed: { type: "boolean", default: false },
      budget: { type: "string", default: `${2 ** 28}` },
      storage: { type: "string", default: "opfs" },
      young: { type: "boolean", default: false },
    },
  });
  await setup({ forTests: true });
  await build();
  // Loaded here, because setup() may only now have installed it.
  const { chromium } = await import("playwright-core");
  const executablePath = findChromium();
  if (!executablePath) throw new Explained(CHROMIUM_MISSING);
  const site = await serve(sitePage(), 0);
  const profile = mkdtempSync(join(tmpdir(), "sanderling-bench-"));
  const browser = await chromium.launchPersistentContext(profile, { executablePath, args: CHROMIUM_ARGS });
  try {
    const [documents, rounds, budget] = [values.documents, values.rounds, values.budget].map(Number);
    const how = { documents, rounds, budget, isSealed: values.sealed, storage: values.storage, isYoung: values.young };
    await measure(await browser.newPage(), site.url, how);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    site.server.close();
    site.server.closeAllConnections();
  }
}

if (isMain(import.meta.url)) await main(bench);
