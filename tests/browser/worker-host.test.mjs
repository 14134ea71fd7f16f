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
