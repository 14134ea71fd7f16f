// Fresh projects with the packed tarball installed: what a user has after `npm install sanderling`.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { at, environment } from "../../scripts/workspace.mjs";

const APP = fileURLToPath(new URL("./app/", import.meta.url));
const folders = [];

process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const command = (name, args, cwd, env) => execFileSync(name, args, { cwd, env: environment(env), encoding: "utf8" });

const temporary = (name) => {
  const folder = mkdtempSync(join(tmpdir(), `sanderling-${name}-`));
  folders.push(folder);
  return folder;
};

/** The packed package: the test runner packs once and names it; alone, a test file packs for itself. */
export function tarball() {
  if (process.env.SANDERLING_TARBALL) return process.env.SANDERLING_TARBALL;
  const folder = temporary("tarball");
  command("npm", ["pack", "--silent", "--pack-destination", folder], at("pkg"));
  return join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")));
}

/** A fresh folder with an app's sources and the package installed from the tarball, without the network. */
export function project(name, { page, app = APP } = {}) {
  const folder = temporary(name);
  cpSync(app, folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: `try-${name}`, private: true, type: "module" }));
  if (page) writeFileSync(join(folder, "index.html"), page);
  command("npm", ["install", "--offline", "--no-audit", "--no-fund", "--silent", tarball()], folder);
  return folder;
}

/** Runs a program in a project and answers what it printed after RESULT. */
export function resultOf(folder, name, args, env) {
  const output = command(name, args, folder, env);
  const line = output.split("\n").find((text) => text.startsWith("RESULT "));
  if (!line) throw new Error(`no result in: ${output}`);
  return JSON.parse(line.slice("RESULT ".length));
}

/** What every target must answer: Node's own result. */
export function expected() {
  return resultOf(project("expected"), "node", ["main.js"]).result;
}
