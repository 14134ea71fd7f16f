// One tab that writes, and is killed at any instant: the browser's processes all at once, the tab's own, its worker, its page by a reload.
// The driver keeps what was acknowledged: after each kill the state must be that of a prefix of the steps, with every acknowledged one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { milliseconds, within } from "./audit.mjs";
import { launch, logOf, processWithWorker, profile, ready, site, tab } from "./harness.mjs";
import { stepOf } from "./app/steps.js";

const BROWSER_KILLS = Number(process.env.SANDERLING_BROWSER_KILLS ?? 10);
const TAB_KILLS = Number(process.env.SANDERLING_TAB_KILLS ?? 40);
const AHEAD = 4;
const UNHEARD_MAX = 200;
const WRITING_MS_MAX = 400;
const REOPEN_MS_MAX = 1_000;
const DEADLOCK_MS = 20_000;

let here, folder, chromium, page;
let acknowledged, failures;
/** What the steps up to `done` made: the step by the id of each document. */
let model, done;

before(async () => {
  here = await site();
});
after(async () => {
  await chromium?.kill();
  here?.close();
});

function hear({ step, error }) {
  if (error !== undefined) failures.push({ step, ...error });
  else acknowledged = Math.max(acknowledged, step);
}

const soon = (promise, what) => {
  const late = sleep(DEADLOCK_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${what} took longer than ${DEADLOCK_MS} ms\n${logOf(page)}`);
  });
  return Promise.race([promise, late]);
};

function take(step) {
  const { deleted, documents } = stepOf(step);
  if (deleted !== undefined) model.delete(deleted);
  else for (const { id } of documents) model.set(id, step);
}

const isModel = (found) => found.size === model.size && [...found].every(([id, step]) => model.get(id) === step);

/** Opens, and finds the prefix of the steps that is stored; answers how long opening took. */
async function check(how) {
  const { took, role } = await soon(page.evaluate(() => driven.begin("kills")), "opening");
  assert.equal(role, "leader");
  const { found, total, near, ok, problems } = await soon(page.evaluate(() => driven.stored()), "reading all");
  const stored = new Map(found);
  while (done < acknowledged) take((done += 1));
  // What was under way may be there, in the order of its calls, and what the driver had not heard of yet.
  while (!isModel(stored) && done < acknowledged + UNHEARD_MAX) take((done += 1));
  assert.ok(isModel(stored), `${how}: no steps from ${acknowledged} on make what is stored`);
  assert.deepEqual([total, near, ok], [stored.size, stored.size, true], JSON.stringify(problems));
  for (const { code } of failures.splice(0)) assert.ok(["unavailable", "internal", "closed"].includes(code), code);
  return took;
}

async function writeAWhile() {
  acknowledged = done;
  await page.evaluate(([first, ahead]) => driven.steps(first, ahead), [done + 1, AHEAD]);
  await sleep(Math.random() * WRITING_MS_MAX);
}

async function start() {
  [model, done, acknowledged, failures] = [new Map(), -1, -1, []];
  await chromium?.kill();
  folder = profile();
  chromium = await launch(folder);
  page = await tab(chromium.context, here.url, hear);
  await check("a new profile");
}

function report(kills, reopens) {
  console.log(`${kills}: ${reopens.length} survived, ${done + 1} steps, reopened in ${milliseconds(reopens)}`);
  within(reopens, REOPEN_MS_MAX, "reopening");
}

test(`${BROWSER_KILLS} kills of the browser lose nothing that was acknowledged`, async () => {
  await start();
  const reopens = [];
  for (let round = 0; round < BROWSER_KILLS; round += 1) {
    await writeAWhile();
    await chromium.kill();
    chromium = await launch(folder);
    page = await tab(chromium.context, here.url, hear);
    reopens.push(await check("the browser"));
  }
  report("kills of the browser", reopens);
});

const KINDS = {
  tab: async () => {
    const crashed = page.waitForEvent("crash");
    process.kill(await processWithWorker(chromium), "SIGKILL");
    await crashed;
    await page.close();
    page = await tab(chromium.context, here.url, hear);
  },
  reload: async () => {
    await page.reload();
    await ready(page);
  },
  // Nobody tells the page: it finds out, and goes on with another one.
  worker: async () => {
    const { length } = page.workers();
    assert.equal(length, 1);
    await page.workers()[0].evaluate(() => self.close()).catch(() => undefined);
    await soon(page.evaluate(() => driven.goesOn()), "going on with another worker");
  },
};

test(`${TAB_KILLS} kills of the tab, its page or its worker lose nothing that was acknowledged`, async () => {
  await start();
  const reopens = [];
  const kinds = Object.keys(KINDS);
  for (let round = 0; round < TAB_KILLS; round += 1) {
    await writeAWhile();
    const kind = kinds[round % kinds.length];
    await KINDS[kind]();
    reopens.push(await check(kind));
  }
  report("kills of the tab", reopens);
});
