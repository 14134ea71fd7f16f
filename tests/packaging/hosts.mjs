// The hosts that a project's app is run on: its main.js in Node and Deno, its edge.js in workerd, a page in Chromium.
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGS, CHROMIUM_MISSING } from "../../scripts/chromium.mjs";
import { resultOf } from "./project.mjs";

const PAGE_TIMEOUT_MS = 60_000;

export const inNode = (folder) => resultOf(folder, "node", ["main.js"]);

export function inDeno(folder) {
  const env = { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1" };
  const args = ["run", "--allow-read", "--allow-write", "--no-remote", "--cached-only", "--node-modules-dir=manual", "main.js"];
  return resultOf(folder, "deno", args, env);
}

// As wrangler does it: JavaScript is bundled with the condition workerd, wasm stays a module beside it.
async function bundleForWorkerd(folder) {
  const outfile = join(folder, "out", "edge.js");
  const conditions = ["workerd", "worker", "browser"];
  const options = { absWorkingDir: folder, bundle: true, format: "esm", conditions, loader: { ".wasm": "copy" } };
  await build({ ...options, entryPoints: ["edge.js"], outfile, external: ["node:*", "cloudflare:*"], assetNames: "[name]" });
  return outfile;
}

export async function inWorkerd(folder) {
  const scriptPath = await bundleForWorkerd(folder);
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    cf: false,
    compatibilityDate: "2026-07-01",
    modules: true,
    modulesRoot: join(folder, "out"),
    scriptPath,
    modulesRules: [
      { type: "ESModule", include: ["**/*.js"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
  });
  try {
    const response = await miniflare.dispatchFetch("http://localhost/");
    const text = await response.text();
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${text}`);
    return JSON.parse(text);
  } finally {
    await miniflare.dispose();
  }
}

/** Chromium, which the caller closes. */
export async function launchChromium() {
  if (!process.env.CHROME_PATH) throw new Error(CHROMIUM_MISSING);
  return chromium.launch({ executablePath: process.env.CHROME_PATH, args: CHROMIUM_ARGS });
}

/** Opens a page in a fresh profile and hands `check` the answer that it leaves in its title. */
export async function inChromium(browser, url, check) {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const messages = [];
  tab.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
  tab.on("pageerror", (error) => messages.push(`error: ${error.message}`));
  try {
    await tab.goto(url);
    await tab.waitForFunction(() => document.title.startsWith("{"), undefined, { timeout: PAGE_TIMEOUT_MS });
    const answer = JSON.parse(await tab.title());
    if (answer.failed) throw new Error(answer.failed);
    check(answer);
  } catch (error) {
    error.message += `\nthe page said:\n${messages.join("\n")}`;
    throw error;
  } finally {
    await context.close();
  }
}

/** A page that runs one module. */
export const page = (script, head = "") =>
  `<!doctype html><meta charset="utf-8"><title>waiting</title>${head}<script type="module" src="${script}"></script>`;

/** What a page needs to find the package in node_modules without a bundler. */
export const IMPORT_MAP = `<script type="importmap">${JSON.stringify({
  imports: { sanderling: "./node_modules/sanderling/dist/browser.js" },
})}</script>`;
