// Chromium driven from outside: a process of its own with a profile that outlives it, tabs that stand for users, and the acknowledgements,
// which only the driver keeps.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGS, CHROMIUM_MISSING, findChromium } from "../../scripts/chromium.mjs";
import { serve } from "../../scripts/demo.mjs";
import { at } from "../../scripts/workspace.mjs";

const APP = fileURLToPath(new URL("./app/", import.meta.url));
const START_MS = 20_000;

const ARGS = [...CHROMIUM_ARGS, "--headless=new", "--remote-debugging-port=0"];

const IMPORTS = { imports: { sanderling: "./dist/browser.js" } };
const PAGE = `<!doctype html><meta charset="utf-8"><title>waiting</title>
<script type="importmap">${JSON.stringify(IMPORTS)}</script><script type="module" src="./page.js"></script>`;

/** Serves the built package with the page of the tests. */
export async function site(headers = {}) {
  const folder = profile();
  cpSync(APP, folder, { recursive: true });
  cpSync(at("pkg", "dist"), join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "index.html"), PAGE);
  const { server, url } = await serve(folder, 0, headers);
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url, close };
}

const readable = (read) => {
  try {
    return read();
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ESRCH") return undefined; // it has ended meanwhile
    throw error;
  }
};

const childrenOf = (pid) => (readable(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")) ?? "").split(" ").filter(Boolean);
const descendantsOf = (pid) => childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
const threadsOf = (pid) => (readable(() => readdirSync(`/proc/${pid}/task`)) ?? []).map((id) => readable(() => readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8")));

/** The process of the one tab that has a worker, and so the engine: found by the name of its thread, since nothing tells a tab's process. */
export async function processWithWorker({ pid }) {
  for (let tries = 0; tries < 500; tries += 1) {
    const found = descendantsOf(pid).filter((one) => threadsOf(one).some((name) => name?.startsWith("DedicatedWorker")));
    if (found.length === 1) return Number(found[0]);
    await sleep(10);
  }
  throw new Error(`among the processes of Chromium is not one with a worker: ${descendantsOf(pid)}`);
}

const folders = [];
const groups = new Set();
process.on("exit", () => {
  for (const end of groups) end();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** A folder, as for a profile, which goes when the process ends. */
export function profile() {
  const folder = mkdtempSync(join(tmpdir(), "sanderling-browser-"));
  folders.push(folder);
  return folder;
}

/** Starts Chromium with a profile, in a process group of its own. */
export async function launch(folder) {
  const path = findChromium();
  if (!path) throw new Error(CHROMIUM_MISSING);
  const args = [...ARGS, `--user-data-dir=${folder}`, "about:blank"];
  const child = spawn(path, args, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  const end = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch (error) {
      if (error.code !== "ESRCH") throw error; // it has ended by itself
    }
  };
  groups.add(end);
  const kill = async () => {
    end();
    await ended;
    groups.delete(end);
  };
  const browser = await chromium.connectOverCDP(await address(child));
  return { context: browser.contexts()[0], browser, pid: child.pid, kill };
}

async function address(child) {
  const lines = createInterface({ input: child.stderr });
  const timer = setTimeout(() => lines.close(), START_MS);
  const seen = [];
  for await (const line of lines) {
    seen.push(line);
    const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (!found) continue;
    clearTimeout(timer);
    child.stderr.resume();
    return found;
  }
  throw new Error(`Chromium did not say where it listens:\n${seen.join("\n")}`);
}

/** What a tab said; for the message of a failure. */
const said = new WeakMap();

/** Opens a tab with the page, ready for `in_page`. */
export async function tab(context, url, onAck) {
  const page = await context.newPage();
  const lines = [];
  said.set(page, lines);
  page.on("console", (message) => lines.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => lines.push(`error: ${error.message}`));
  if (onAck) await page.exposeFunction("ack", onAck);
  await page.goto(url);
  await ready(page);
  return page;
}

export const ready = (page) => page.waitForFunction(() => document.title === "ready");

export const logOf = (page) => (said.get(page) ?? []).join("\n");
