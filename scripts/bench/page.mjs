// A contender that runs in a page of Chromium. The page is isolated, because its clock is too coarse otherwise.
import { CHROMIUM_ARGS, CHROMIUM_MISSING, findChromium } from "../chromium.mjs";
import { serve } from "../demo.mjs";
import { Explained } from "../workspace.mjs";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="./page.js"></script>`;

const say = (record) => console.log(JSON.stringify(record));

/**
 * Serves a site whose `page.js` sets `window.build()`, which answers what was built, and `window.obey(command)`, which
 * answers records; then does what each line of the input says.
 */
export async function runInPage(site) {
  writeFileSync(join(site, "index.html"), PAGE);
  const executablePath = findChromium();
  if (!executablePath) throw new Explained(CHROMIUM_MISSING);
  const { server, url } = await serve(site, 0, ISOLATED);
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
  try {
    const tab = await browser.newPage();
    tab.setDefaultTimeout(0);
    tab.on("pageerror", (error) => console.error(error));
    await tab.goto(url);
    await tab.waitForFunction(() => typeof window.obey === "function");
    say({ kind: "built", version: browser.version(), ...(await tab.evaluate(() => window.build())) });
    for await (const line of createInterface({ input: process.stdin })) {
      (await tab.evaluate((command) => window.obey(command), line)).forEach(say);
      say({ kind: "done" });
    }
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}
