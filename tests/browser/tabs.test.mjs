// Several tabs with one database: whatever happens to them, one engine writes at a time, nothing waits for ever, and what was acknowledged
// is there once.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Audit, milliseconds, within } from "./audit.mjs";
import { launch, logOf, processWithWorker, profile, ready, site, tab } from "./harness.mjs";

const ROUNDS = Number(process.env.SANDERLING_ROUNDS ?? 5);
const TAKEOVER_MS_MAX = 2_000;
/** A frozen leader is given up after three seconds, and its files after two more. */
const FROZEN_MS_MAX = 8_000;
const DEADLOCK_MS = 15_000;
const WRITING_MS = 150;
const LATE = "late:";

let chromium, here;
let audit, name;
let tabs = [];
/** The process that stands still. */
let frozen;
let databases = 0;

before(async () => {
  here = await site();
  chromium = await launch(profile());
});
after(async () => {
  await chromium?.kill();
  here?.close();
});
afterEach(async () => {
  thaw();
  for (const each of tabs.splice(0)) await each.page.close().catch(() => undefined);
});

function thaw() {
  if (frozen !== undefined) process.kill(frozen, "SIGCONT");
  frozen = undefined;
}

/** Rejects where something waits for ever. */
async function soon(promise, what, limit = DEADLOCK_MS) {
  const late = new AbortController();
  const timer = sleep(limit, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what} took longer than ${limit} ms\n${tabs.map(({ page }) => logOf(page)).join("\n--\n")}`);
  });
  try {
    return await Promise.race([promise, timer]);
  } finally {
    timer.catch(() => undefined);
    late.abort();
  }
}

async function addTab() {
  const one = { name: `tab${(databases += 1)}` };
  one.page = await tab(chromium.context, here.url, (heard) => audit.hear(one.name, heard));
  tabs.push(one);
  return one;
}

async function someTabs(count) {
  audit = new Audit();
  tabs = [];
  name = `tabs-${(databases += 1)}`;
  for (let at = 0; at < count; at += 1) await addTab();
}

const openIn = ({ page }) => page.evaluate((name) => driven.begin(name), name);
const writeIn = (one) => one.page.evaluate((tab) => driven.write(tab), `${one.name}-${(databases += 1)}`);
const closeIn = ({ page }) => page.evaluate(() => driven.close());
const stopIn = ({ page }) => page.evaluate(() => driven.stop());

const openAll = (some = tabs) => soon(Promise.all(some.map(openIn)), "opening in all tabs");

/** The one tab that has the engine. */
async function leader(some = tabs) {
  const roles = await soon(Promise.all(some.map(({ page }) => page.evaluate(() => driven.status()))), "the status of all tabs");
  const leaders = some.filter((_, at) => roles[at].role === "leader");
  assert.equal(leaders.length, 1, JSON.stringify(roles));
  return leaders[0];
}

/** Compares what one of the tabs reads with what all were acknowledged. */
async function compare(some = tabs) {
  await soon(Promise.all(some.map(stopIn)), "the last write of all tabs");
  const { page } = some[Math.floor(Math.random() * some.length)];
  const stored = await soon(page.evaluate(() => driven.everything()), "reading all");
  audit.check(stored);
  for (const [, , operation] of stored) assert.ok(!operation.startsWith(LATE), `${operation}: a leader that was given up wrote`);
}

/** How long after `start` each of these tabs was acknowledged something again. */
async function acknowledgedAgain(some, start) {
  const heard = () => some.every(({ name }) => (audit.last.get(name) ?? 0) > start);
  await soon(
    (async () => {
      while (!heard()) await sleep(2);
    })(),
    "the next write of every tab",
  );
  return Math.max(...some.map(({ name }) => audit.last.get(name))) - start;
}

for (const count of [2, 5]) {
  test(`${count} tabs open and close at once`, async () => {
    await someTabs(count);
    for (let round = 0; round < ROUNDS; round += 1) {
      await openAll();
      await leader();
      await Promise.all(tabs.map(writeIn));
      await acknowledgedAgain(tabs, performance.now());
      await compare();
      await soon(Promise.all(tabs.map(closeIn)), "closing in all tabs");
    }
  });

  test(`${count} tabs are reloaded at once`, async () => {
    await someTabs(count);
    for (let round = 0; round < ROUNDS; round += 1) {
      await openAll();
      await Promise.all(tabs.map(writeIn));
      await sleep(WRITING_MS);
      await soon(Promise.all(tabs.map(({ page }) => page.reload().then(() => ready(page)))), "reloading all tabs");
    }
    await openAll();
    await leader();
    await compare();
  });

  test(`the leader of ${count} tabs is killed`, async () => {
    await someTabs(count);
    await openAll();
    const takeovers = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(tabs.map(writeIn));
      await sleep(WRITING_MS);
      const killed = await leader();
      const start = await crash(killed);
      const left = tabs.filter((one) => one !== killed);
      takeovers.push(await acknowledgedAgain(left, start));
      await leader(left);
      await compare(left);
      tabs = left;
      await openIn(await addTab());
    }
    console.log(`takeover in ${count} tabs after a kill, until the last tab wrote again: ${milliseconds(takeovers)}`);
    within(takeovers, TAKEOVER_MS_MAX, "takeover");
  });

  test(`the leader of ${count} tabs closes`, async () => {
    await someTabs(count);
    await openAll();
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(tabs.map(writeIn));
      await sleep(WRITING_MS);
      const closed = await leader();
      await stopIn(closed);
      const refused = audit.refused.length;
      await soon(closeIn(closed), "closing the leader");
      const left = tabs.filter((one) => one !== closed);
      await acknowledgedAgain(left, performance.now());
      assert.deepEqual(audit.refused.slice(refused), [], "a leader that closes hands over what it has not begun");
      await openIn(closed);
      await compare();
    }
  });

  test(`the leader of ${count} tabs is frozen`, async () => {
    await someTabs(count);
    await openAll();
    const [refusals, thaws] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(tabs.map(writeIn));
      await sleep(WRITING_MS);
      const given = await leader();
      frozen = await processWithWorker(chromium);
      process.kill(frozen, "SIGSTOP");
      const answering = await Promise.race([given.page.evaluate(() => driven.status()), sleep(300)]);
      assert.equal(answering, undefined, "the process that stands still is not the leader's");
      const asked = performance.now();
      const left = tabs.filter((one) => one !== given);
      // The engine finds these before it when it thaws, and must not do what others were told is lost.
      const put = (operation) => driven.put({ operation });
      const late = Promise.all(left.map(({ page, name }) => page.evaluate(put, `${LATE}${name}-${round}`)));
      const answers = await soon(Promise.all(left.map(({ page }) => page.evaluate(() => driven.count()))), "reads beside a frozen leader");
      for (const answer of answers) assert.equal(answer.error?.code, "unavailable", JSON.stringify(answer));
      for (const answer of await late) assert.deepEqual([answer.error?.code, answer.error?.details.outcome], ["unavailable", "unknown"], JSON.stringify(answer));
      refusals.push(performance.now() - asked);
      const start = performance.now();
      thaw();
      thaws.push(await acknowledgedAgain(tabs, start));
      assert.notEqual(await leader(), given, "a tab that was given up does not lead on");
      await compare();
    }
    console.log(`${count} tabs with a frozen leader: refused after ${milliseconds(refusals)}; thawed, the last wrote after ${milliseconds(thaws)}`);
    within(refusals, FROZEN_MS_MAX, "refusal");
  });
}

/** Kills the process of the leader's tab; answers when it was dead. */
async function crash({ page }) {
  const crashed = page.waitForEvent("crash");
  process.kill(await processWithWorker(chromium), "SIGKILL");
  const dead = performance.now();
  await crashed;
  page.close().catch(() => undefined);
  return dead;
}
