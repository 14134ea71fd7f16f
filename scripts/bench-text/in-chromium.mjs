// One engine in a page of Chromium, over a prepared set: `in-chromium.mjs NAME FOLDER PACKAGES`, names as in in-node.mjs. The
// engine runs in the page's own thread, so that a call costs what it costs elsewhere.
import { runInPage } from "../bench/page.mjs";
import { at } from "../workspace.mjs";
import { FILES } from "./drive.mjs";
import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [name, folder, packages] = process.argv.slice(2);

const OURS = `
import { open } from "./sanderling/browser.js";
import { sanderling } from "./through-package.mjs";
const made = () => sanderling(open, { worker: false }, ${JSON.stringify(name)});
`;
const PEER = `
import { PEERS } from "./peers.js";
const made = () => PEERS[${JSON.stringify(name)}]();
`;
const script = (engine, files) => `${engine}
import { build, obey } from "./drive.mjs";
const lines = async (name) => (await (await fetch("./" + name + ".txt")).text()).trimEnd().split("\\n");
let engine, queries;
window.build = async () => {
  const names = ${JSON.stringify(files)};
  const files = await Promise.all(names.map(lines));
  const { texts, ...rest } = Object.fromEntries(names.map((name, at) => [name, files[at]]));
  queries = rest;
  engine = await made();
  return build(engine, texts);
};
window.obey = (command) => obey(engine, queries, command);
`;

async function site() {
  const site = join(folder, `page-${name}`);
  mkdirSync(site, { recursive: true });
  const files = FILES.filter((file) => existsSync(join(folder, `${file}.txt`)));
  for (const file of files) cpSync(join(folder, `${file}.txt`), join(site, `${file}.txt`));
  const isOurs = ["none", "english"].includes(name);
  for (const file of ["drive", "through-package"]) cpSync(at("scripts", "bench-text", `${file}.mjs`), join(site, `${file}.mjs`));
  if (isOurs) cpSync(at("pkg", "dist"), join(site, "sanderling"), { recursive: true });
  else {
    const entryPoints = [join(packages, "..", "peers.mjs")];
    await build({ entryPoints, bundle: true, format: "esm", outfile: join(site, "peers.js"), logLevel: "error" });
    // It looks for its file beside itself.
    cpSync(join(packages, "@sqlite.org", "sqlite-wasm", "dist", "sqlite3.wasm"), join(site, "sqlite3.wasm"));
  }
  writeFileSync(join(site, "page.js"), script(isOurs ? OURS : PEER, files));
  return site;
}

await runInPage(await site());
