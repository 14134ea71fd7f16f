// The demo page in Chromium, served as `npm run demo` serves it: the first visit, a search, a reload, the likes of a hit.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGS, CHROMIUM_MISSING, findChromium } from "../../scripts/chromium.mjs";
import { buildDemo } from "../../scripts/demo-page.mjs";
import { serve } from "../../scripts/demo.mjs";

const WAIT = { timeout: 10_000 };
const COUNT = "10,000";

let browser, site, tab, firstVisit;
const messages = [];

before(async () => {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(CHROMIUM_MISSING);
  site = await serve(await buildDemo(), 0);
  browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
  tab = await browser.newPage();
  tab.setDefaultTimeout(WAIT.timeout);
  tab.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
  tab.on("pageerror", (error) => messages.push(`error: ${error.message}`));
  // Here, because without it no test has anything to look at.
  await tab.goto(site.url);
  firstVisit = await completed();
});

after(async () => {
  await browser?.close();
  site?.server.close();
  site?.server.closeAllConnections();
});

const pageState = () => document.documentElement.dataset.state;

/** Waits until the page is complete; answers whether it was "filled" in this visit or "found" as it was. */
async function completed() {
  const finished = await tab.waitForFunction(pageState, undefined, { timeout: 30_000 }).catch((error) => error);
  const state = await tab.evaluate(pageState);
  if (state === "filled" || state === "found") return state;
  const shown = await tab.locator("main").innerText();
  throw new Error([`the page did not finish: ${state ?? finished.message}`, shown, ...messages].join("\n"));
}

const facts = () => tab.locator("#facts").innerText();
const hits = () => tab.locator("#hits li").allInnerTexts();
const settled = (summary) => tab.locator("#summary", { hasText: summary }).waitFor(WAIT);

test("the first visit stores all documents in OPFS", async () => {
  assert.equal(firstVisit, "filled");
  assert.match(await facts(), new RegExp(`documents\\s+${COUNT}`));
  assert.match(await facts(), /storage\s+opfs/);
  assert.match(await facts(), /in a worker/);
});

test("typing finds words by their beginning, with a score and the leg", async () => {
  await tab.locator("#query").pressSequentially("bird");
  // Every letter is answered: these must be the hits of the last one.
  await tab.locator('#hits[data-answers="bird"]').waitFor(WAIT);
  const found = await hits();
  assert.equal(found.length, 20);
  for (const hit of found) {
    assert.match(hit, /bird/i);
    assert.match(hit, /score \d+\.\d{4}/);
    assert.match(hit, /text #\d+ BM25/);
  }
});

test("a part of speech that is not wanted is filtered out", async () => {
  await tab.locator("#parts input[value=n]").uncheck();
  await tab.waitForFunction(() => !document.querySelector("#hits")?.textContent?.includes("noun"), undefined, WAIT);
  assert.notEqual((await hits()).length, 0);
  await tab.locator("#parts input[value=n]").check();
  await settled("The best 20 of");
});

test("a reload finds the documents and the query again, without loading", async (context) => {
  const requested = [];
  tab.on("request", (request) => requested.push(new URL(request.url()).pathname));
  await tab.reload();
  assert.equal(await completed(), "found");
  assert.ok((await hits())[0].toLowerCase().includes("bird"));
  assert.ok(!requested.includes("/data/vectors.i8"), requested.join(" "));
  assert.match(await facts(), new RegExp(`documents\\s+${COUNT}`));
  const took = await tab.evaluate(() => performance.getEntriesByName("open to first result")[0].duration);
  context.diagnostic(`open() to first result with ${COUNT} documents: ${Math.round(took)} ms`);
});

test("more like this searches by the vector of the hit", async () => {
  const title = await tab.locator("#hits h3").first().innerText();
  await tab.locator("#hits button").first().click();
  await settled(`Nearest in meaning to “${title}”`);
  const found = await hits();
  assert.equal(found.length, 20);
  for (const hit of found) assert.match(hit, /vector #\d+ similarity/);
  assert.match(found[0], /this one itself[\s\S]+score 1\.0000/);
  await tab.locator("#back").click();
  await settled("The best 20 of");
});

test("an example is found by both legs", async () => {
  await tab.locator("#chips button").first().click();
  await settled("by words and meaning");
  const [first] = await hits();
  assert.match(first, /the word meant/);
  assert.match(first, /text #\d+/);
  assert.match(first, /vector #\d+/);
});

test("delete everything leaves nothing, and the next visit stores it anew", async () => {
  await tab.evaluate(() => (document.documentElement.dataset.state = ""));
  await tab.locator("#delete").click();
  await tab.waitForFunction(() => document.documentElement.dataset.state === undefined, undefined, WAIT);
  assert.equal(await completed(), "filled");
  assert.equal(await tab.locator("#error").isVisible(), false);
  assert.deepEqual(messages, []);
});
