// The engine beside the page: what happens where no worker can start, and when the engine in it stops.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, profile, site, tab } from "./harness.mjs";

const REPLACED_MS_MAX = 1_000;

let chromium;
const sites = [];

before(async () => {
  chromium = await launch(profile());
});
after(async () => {
  await chromium?.kill();
  for (const each of sites) each.close();
});

async function open(policy, heard) {
  const here = await site(policy === undefined ? {} : { "content-security-policy": policy });
  sites.push(here);
  return tab(chromium.context, here.url, heard);
}

test("a page that may have no worker runs the engine itself, and says so", async () => {
  // The import map stands in the page.
  const page = await open("script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'none'");
  const { status, found, refused } = await page.evaluate(async () => {
    const { open } = driven.sanderling;
    const database = await open("no-worker");
    const birds = await database.collection("birds", { fields: { name: { type: "text" } } });
    await birds.put({ id: 1, name: "sanderling" });
    const { total } = await birds.search("sanderling");
    const refused = await open("no-worker-opfs", { storage: "opfs" }).catch(({ code, message }) => ({ code, message }));
    return { status: await database.status(), found: total, refused };
  });
  assert.equal(found, 1);
  assert.deepEqual([status.worker, status.storage, status.role], [false, "indexeddb", "leader"]);
  assert.match(status.reason, /^no worker could be started \(/);
  assert.equal(refused.code, "unavailable");
  assert.match(refused.message, /no worker could be started/);
});

test("an error crosses with its class, code, message and details, from the leader and from another tab", async () => {
  const page = await open();
  const other = await tab(chromium.context, page.url());
  const found = [];
  for (const one of [page, other]) {
    found.push(
      await one.evaluate(async () => {
        const { open, SanderlingError } = driven.sanderling;
        const database = await open("errors");
        const all = await database.collection("all", { fields: { text: { type: "text" } } });
        await all.put({ id: "there" });
        const calls = [
          () => all.put({ id: "there" }, { ifVersion: "absent" }),
          () => all.search({ filter: "text = = 'a'" }),
          () => database.collection("none"),
          () => all.search({ text: "a" }, { signal: AbortSignal.abort(new Error("mine")) }),
        ];
        const told = [];
        for (const call of calls) {
          const error = await call().catch((error) => error);
          told.push([error instanceof SanderlingError, error.code, error.message.length > 0, Object.keys(error.details).length > 0]);
        }
        const { role } = await database.status();
        return { role, told };
      }),
    );
  }
  assert.deepEqual(found.map(({ role }) => role), ["leader", "follower"]);
  for (const { told } of found) {
    assert.deepEqual(told.map(([isOurs, code, ...has]) => [isOurs, code, ...has]), [
      [true, "conflict", true, true],
      [true, "filter", true, true],
      [true, "schema", true, told[2][3]],
      [true, "aborted", true, true],
    ]);
  }
});

test("an engine that runs out of memory is replaced, in all tabs, and has everything that was acknowledged", async () => {
  const page = await open();
  const other = await tab(chromium.context, page.url());
  const ask = (one, as) => one.evaluate((as) => driven.outOfMemory(as), as);
  await page.evaluate(() => driven.openSmall("trap"));
  await other.evaluate(() => driven.openSmall("trap"));
  for (const [one, name, code] of [[page, "the leader", "internal"], [other, "a follower", "unavailable"]]) {
    const { error, took, documents, beside } = await ask(one, name);
    assert.deepEqual([error.code, error.details.outcome], [code, "unknown"], JSON.stringify(error));
    if (code === "internal") assert.match(error.details.trap, /RuntimeError/);
    // What was under way beside it is answered by the new engine, since it only reads.
    assert.deepEqual(beside, documents);
    assert.ok(took <= REPLACED_MS_MAX, `${name}: ${took} ms`);
    for (const each of [page, other]) assert.equal(await each.evaluate(() => driven.count()), documents);
    console.log(`a trap for ${name}: answered again after ${Math.round(took)} ms`);
  }
});

test("a tab that follows does all that the leader does, but nothing that wants the database alone", async () => {
  const page = await open();
  const other = await tab(chromium.context, page.url());
  const lead = () => page.evaluate(async () => {
    globalThis.database = await driven.sanderling.open("alone");
    return (await database.status()).role;
  });
  assert.equal(await lead(), "leader");
  const found = await other.evaluate(async () => {
    const { open, restore, SanderlingError } = driven.sanderling;
    const code = (error) => (error instanceof SanderlingError ? error.code : String(error));
    const mine = await open("alone");
    // The language is loaded here, and goes to the engine of the other tab.
    const fields = { text: { type: "text", language: "german" }, vector: { type: "vector", dimensions: 2 } };
    const all = await mine.collection("all", { fields });
    await all.put([{ id: 1, text: "Die Häuser", vector: [1, 0] }, { id: 2, text: "Das Meer" }]);
    const progress = [];
    await all.compact({ onProgress: ({ done, total }) => progress.push(done / total) });
    const copy = await restore("alone-copy", await mine.export(), { storage: "memory" });
    const copied = await (await copy.collection("all")).count();
    const relaxed = await open("alone", { durability: "relaxed" }).catch(code);
    const { role } = await mine.status();
    const { hits } = await all.search({ text: "Haus", vector: new Float32Array([1, 0]) });
    const vector = (await all.get(1)).vector;
    await mine.close();
    const again = await all.count().catch(code);
    const refused = [];
    refused.push(await driven.sanderling.destroy("alone").catch(code));
    refused.push(await driven.sanderling.repair("alone").catch(code));
    refused.push(await restore("alone", new Blob([]), { replace: true }).catch(code));
    refused.push(await open("alone", { durability: "relaxed" }).catch(code));
    return { role, ids: hits.map(({ id }) => id), vector: [...vector], copied, last: progress.at(-1), relaxed, again, refused };
  });
  const refused = ["unavailable", "unavailable", "unavailable", "unavailable"];
  const expected = { role: "follower", ids: [1], vector: [1, 0], copied: 2, last: 1, relaxed: "unavailable", again: "closed", refused };
  assert.deepEqual(found, expected);
  assert.equal(await page.evaluate(async () => (await database.collection("all")).count()), 2);
  await page.evaluate(() => database.close());
  assert.deepEqual(await other.evaluate(() => driven.sanderling.destroy("alone")), undefined);
});
