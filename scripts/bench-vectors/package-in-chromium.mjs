// The package in a page of Chromium, over a prepared set: `package-in-chromium.mjs FOLDER`. The engine runs in the page's own
// thread, so that a call costs what it costs elsewhere. The page is isolated, because its clock is too coarse otherwise.
import { CHROMIUM_ARGS, CHROMIUM_MISSING, findChromium } from "../chromium.mjs";
import { serve } from "../demo.mjs";
import { at, Explained } from "../workspace.mjs";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="./page.js"></script>`;
const SCRIPT = `
import { open } from "./sanderling/browser.js";
import { build, round, setOf } from "./through-package.mjs";
const bytes = async (name) => (await fetch("./" + name)).arrayBuffer();
let set, collection;
window.build = async () => {
  set = setOf(await Promise.all(["base.f32", "queries.f32", "truth.u32"].map(bytes)));
  const made = await build(open, { worker: false }, set);
  collection = made.collection;
  return made.built;
};
window.round = () => round(collection, set);
`;

const folder = process.argv[2];
const say = (record) => console.log(JSON.stringify(record));

function site() {
  const site = join(folder, "page");
  mkdirSync(site, { recursive: true });
  cpSync(at("pkg", "dist"), join(site, "sanderling"), { recursive: true });
  for (const name of ["base.f32", "queries.f32", "truth.u32"]) cpSync(join(folder, name), join(site, name));
  cpSync(at("scripts", "bench-vectors", "through-package.mjs"), join(site, "through-package.mjs"));
  writeFileSync(join(site, "index.html"), PAGE);
  writeFileSync(join(site, "page.js"), SCRIPT);
  return site;
}

const executablePath = findChromium();
if (!executablePath) throw new Explained(CHROMIUM_MISSING);
const { server, url } = await serve(site(), 0, ISOLATED);
const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
try {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(0);
  await tab.goto(url);
  await tab.waitForFunction(() => typeof window.round === "function");
  say({ kind: "built", version: browser.version(), ...(await tab.evaluate(() => window.build())) });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "round") (await tab.evaluate(() => window.round())).forEach(say);
    say({ kind: "done" });
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
