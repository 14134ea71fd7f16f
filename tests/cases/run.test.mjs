// The shared cases against the package; crates/testkit/tests/cases runs the same files against the blocking API
// of Rust. The format is described in README.md.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { open, SanderlingError } from "sanderling";
import { bitsOf } from "./bits.mjs";

const NAME = "cases";
// How far a score may be from the value that was computed by other means, relative where it is above 1.
const TOLERANCE = 1e-5;
const WRITES = ["put", "update", "delete", "open"];
const READS = ["search", "get", "has", "count", "list", "suggest", "pages"];
const BESIDE = ["options", "with", "name", "expect", "error"];

// Where the documents lie; no answer may depend on it. With sealAt, batches are put document by document, so that
// each document can lie in another segment.
const LAYOUTS = [
  { name: "growing in memory" },
  { name: "sealed one by one in memory", sealAt: 1 },
  { name: "in a folder", inFolder: true },
  { name: "sealed by threes in a folder", inFolder: true, sealAt: 3 },
];

const folder = mkdtempSync(join(tmpdir(), "sanderling-cases-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let opened = 0;

// Relaxed: no case needs to survive a power cut, and thousands of flushes take their time.
async function makeWorld(testCase, layout) {
  const storage = layout.inFolder ? { storage: "fs", path: folder, durability: "relaxed" } : { storage: "memory" };
  const world = { layout, storage, database: `cases-${(opened += 1)}` };
  world.db = await open(world.database, storage);
  const sealAt = layout.sealAt === undefined ? {} : { sealAt: layout.sealAt };
  world.books = await world.db.collection(NAME, testCase.schema, { ...sealAt, ...testCase.options });
  return world;
}

async function reopen(world) {
  if (!world.layout.inFolder) return; // in memory there is nothing to open again
  await world.db.close();
  world.db = await open(world.database, world.storage);
  world.books = await world.db.collection(NAME);
}

/** Opens a collection of another name, or this one again. */
async function openCollection(world, schema, { name = NAME, options }) {
  const collection = await world.db.collection(name, schema ?? undefined, options);
  if (name === NAME) world.books = collection;
}

async function put(world, documents, { options, expect, error }) {
  const isSplit = world.layout.sealAt !== undefined && expect === undefined && error === undefined;
  if (!isSplit || !Array.isArray(documents)) return world.books.put(documents, options);
  for (const document of documents) await world.books.put(document, options);
}

async function ids(documents) {
  const found = [];
  for await (const { id } of documents) found.push(id);
  return found;
}

/** The ids of each page, or the values of its groups. */
async function pages(books, query) {
  const found = [];
  let cursor;
  do {
    const page = await books.search(cursor === undefined ? query : { ...query, offset: undefined, cursor });
    found.push(page.groups?.map(({ value }) => value) ?? page.hits.map(({ id }) => id));
    cursor = page.cursor;
    assert.ok(found.length <= 50, "pages without an end");
  } while (cursor !== undefined);
  return found;
}

/** How each step is carried out: its operand, then the whole step. */
const ACTIONS = {
  put,
  update: ({ books }, id, step) => books.update(id, step.with),
  delete: ({ books }, target) => books.delete(target),
  open: openCollection,
  compact: ({ books }) => books.compact(),
  reopen: (world) => reopen(world),
  search: ({ books }, query) => books.search(query),
  pages: ({ books }, query) => pages(books, query),
  get: async ({ books }, id) => (await books.get(id)) ?? null,
  has: ({ books }, id) => books.has(id),
  count: ({ books }, filter) => books.count(filter ?? undefined),
  suggest: ({ books }, text, { options }) => books.suggest(text, options),
  list: ({ books }, options) => ids(books.list(options)),
};

/** The one member of a step that says what to do. */
function operationOf(step) {
  const names = Object.keys(step).filter((name) => !BESIDE.includes(name));
  assert.equal(names.length, 1, `a step has one operation: ${JSON.stringify(step)}`);
  assert.ok(names[0] in ACTIONS, `no such step: ${names[0]}`);
  return names[0];
}

const SHORTHANDS = {
  "@text": ([text, times]) => text.repeat(times),
  "@numbers": (count) => Array.from({ length: count }, (_, number) => number),
  "@nested": ([key, times, inner]) => {
    let value = inner;
    for (let level = 0; level < times; level += 1) value = { [key]: value };
    return value;
  },
};

/** Puts values in the place of the shorthands for long ones. */
function expand(value) {
  if (Array.isArray(value)) return value.map(expand);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0][0].startsWith("@")) return SHORTHANDS[entries[0][0]](entries[0][1]);
  // Entries define properties, so that a member called __proto__ stays a member.
  return Object.fromEntries(entries.map(([name, member]) => [name, expand(member)]));
}

/** A value as JSON has it: vectors as arrays. */
const plain = (value) =>
  JSON.parse(JSON.stringify(value, (_, member) => (member instanceof Float32Array ? [...member] : member)));

async function content({ books }) {
  const found = [];
  for await (const document of books.list()) found.push(plain(document));
  return found;
}

async function check(world, written) {
  const step = expand(written);
  const operation = operationOf(step);
  const act = async () => ACTIONS[operation](world, step[operation], step);
  if (step.error) {
    await checkError(world, step.error, act, WRITES.includes(operation));
    return;
  }
  const answer = await act();
  if (operation === "search" && step.expect) compareSearch(step.expect, answer);
  else if (step.expect !== undefined) assert.deepEqual(plain(answer), step.expect);
  else assert.ok(!READS.includes(operation), "nothing is expected");
}

async function checkError(world, { code, words = [] }, act, isWrite) {
  const before = await content(world);
  const error = await act().then(
    (answer) => assert.fail(`no error, but ${JSON.stringify(answer)}`),
    (error) => error,
  );
  if (!(error instanceof SanderlingError)) throw error;
  assert.equal(error.code, code, error.message);
  for (const word of words) assert.ok(error.message.includes(word), `no ${word} in the message: ${error.message}`);
  if (isWrite) assert.deepEqual(await content(world), before, "something was stored");
}

function compareSearch(expected, { hits, total, facets, groups }) {
  assert.equal(total, expected.total, "total");
  if (expected.facets) assert.deepEqual(facets, expected.facets);
  if (expected.groups) {
    const found = groups.map((group) => ({ value: group.value, ids: group.hits.map(({ id }) => id) }));
    assert.deepEqual(found, expected.groups);
    assert.deepEqual(hits, []);
    return;
  }
  const found = hits.map(({ id }) => id);
  // `ids` is short for hits of a search without legs.
  if (expected.ids) {
    assert.deepEqual(found, expected.ids);
    for (const { score, text, vector } of hits) assert.deepEqual([score, text, vector], [0, undefined, undefined]);
    return;
  }
  assert.deepEqual(found, expected.hits.map(({ id }) => id));
  hits.forEach((hit, at) => compareHit(expected.hits[at], hit));
}

function compareHit(expected, hit) {
  if (expected.document) assert.deepEqual(plain(hit.document), expected.document);
  if (expected.highlights) assert.deepEqual(hit.highlights, expected.highlights);
  compareNumbers(`${hit.id}`, expected, hit, ["score"]);
  for (const [leg, numbers] of [["text", ["score"]], ["vector", ["distance", "similarity"]]]) {
    assert.equal(hit[leg] !== undefined, expected[leg] !== undefined, `${hit.id} ${leg}`);
    if (!hit[leg]) continue;
    assert.equal(hit[leg].rank, expected[leg].rank, `${hit.id} ${leg}.rank`);
    compareNumbers(`${hit.id} ${leg}`, expected[leg], hit[leg], numbers);
  }
}

/** The bits, and the number itself where it was computed by other means. */
function compareNumbers(what, expected, found, names) {
  for (const name of names) {
    const [number, computed] = [found[name], expected[name]];
    if (computed !== undefined) {
      const isNear = Math.abs(number - computed) <= TOLERANCE * Math.max(1, Math.abs(computed));
      assert.ok(isNear, `${what} ${name}: computed ${computed}, found ${number}`);
    }
    assert.equal(bitsOf(number), expected[`${name}Bits`], `${what} ${name}: bits of ${number}`);
  }
}

const MOMENTS = {
  "after the steps": () => undefined,
  "after reopening": reopen,
  "after compaction": ({ books }) => books.compact(),
  "after reopening once more": reopen,
};

async function runCase(testCase, layout) {
  const world = await makeWorld(testCase, layout);
  const checkAll = async (moment, steps = []) => {
    for (const step of steps) {
      await check(world, step).catch((error) => {
        error.message = `${moment}, ${layout.name}: ${JSON.stringify(step).slice(0, 300)}\n${error.message}`;
        throw error;
      });
    }
  };
  try {
    await checkAll("in the steps", testCase.steps);
    for (const [moment, move] of Object.entries(MOMENTS)) {
      await move(world);
      await checkAll(moment, testCase.checks);
    }
  } finally {
    await world.db.close();
  }
}

const here = new URL("./", import.meta.url);
for (const file of readdirSync(here).filter((name) => name.endsWith(".json")).sort()) {
  const { cases } = JSON.parse(readFileSync(new URL(file, here), "utf8"));
  describe(file, () => {
    for (const testCase of cases) {
      test(testCase.name, async () => {
        for (const layout of LAYOUTS) await runCase(testCase, layout);
      });
    }
  });
}
