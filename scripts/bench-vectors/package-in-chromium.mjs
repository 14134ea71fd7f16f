// The package in a page of Chromium, over a prepared set: `package-in-chromium.mjs FOLDER`. The engine runs in the page's own
// thread, so that a call costs what it costs elsewhere.
import { runInPage } from "../bench/page.mjs";
import { at } from "../workspace.mjs";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
window.obey = async (command) => (command === "round" ? round(collection, set) : []);
`;

const folder = process.argv[2];

function made() {
  const site = join(folder, "page");
  mkdirSync(site, { recursive: true });
  cpSync(at("pkg", "dist"), join(site, "sanderling"), { recursive: true });
  for (const name of ["base.f32", "queries.f32", "truth.u32"]) cpSync(join(folder, name), join(site, name));
  cpSync(at("scripts", "bench-vectors", "through-package.mjs"), join(site, "through-package.mjs"));
  writeFileSync(join(site, "page.js"), SCRIPT);
  return site;
}

await runInPage(made());
