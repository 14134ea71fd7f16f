// The built package in Chromium, driven from outside: tabs that share a database, kills of the browser, of tabs and of workers, and the worker
// that cannot start or comes to its end.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { CHROMIUM_MISSING } from "../chromium.mjs";
import { at, Explained, run } from "../workspace.mjs";

/** What the tests print for people: figures. */
const FIGURES = /^(takeover in|kills of|a trap for|\d+ tabs with) .*$/gm;

async function browser(amounts, { log, note, chromium }) {
  if (!chromium) throw new Explained(CHROMIUM_MISSING);
  if (process.platform !== "linux") note("tabs are killed and frozen as processes, which are found through /proc");
  if (!existsSync(at("pkg", "dist", "browser.js"))) throw new Explained("pkg/dist is empty: run npm run build");
  const files = readdirSync(at("tests", "browser")).filter((name) => name.endsWith(".test.mjs")).sort();
  const [rounds, browserKills, tabKills] = amounts;
  const env = {
    CHROME_PATH: chromium,
    SANDERLING_ROUNDS: `${rounds}`,
    SANDERLING_BROWSER_KILLS: `${browserKills}`,
    SANDERLING_TAB_KILLS: `${tabKills}`,
  };
  const start = log.bytesWritten;
  const args = ["--test", "--test-reporter=spec", "--test-concurrency=1", "--test-force-exit", ...files.map((name) => at("tests", "browser", name))];
  try {
    await run("node", args, { log, env });
  } finally {
    await new Promise((resolve) => log.write("", resolve));
    for (const [line] of readFileSync(log.path).subarray(start).toString().matchAll(FIGURES)) note(line);
  }
}

const parts = (...amounts) => [{ name: "browser", run: (context) => browser(amounts, context) }];

// Rounds of each test of tabs, kills of the browser, kills of tabs and workers.
export const TAB_PARTS = parts(5, 10, 40);
export const MORE_TAB_PARTS = parts(20, 60, 200);
export const DEEP_TAB_PARTS = parts(100, 1_000, 3_000);
