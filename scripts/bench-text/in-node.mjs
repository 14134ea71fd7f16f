// One engine in this Node, over a prepared set: `in-node.mjs NAME FOLDER PACKAGES`. NAME is a rival's, or `none` or `english`
// for the package with a field of that language. Speaks as the other contenders do.
import { at } from "../workspace.mjs";
import { build, FILES, obey } from "./drive.mjs";
import { linesOf } from "./prepare.mjs";
import { sanderling } from "./through-package.mjs";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [name, folder, packages] = process.argv.slice(2);
const say = (record) => console.log(JSON.stringify(record));
const load = (...path) => import(pathToFileURL(join(...path)).href);

async function engineOf() {
  if (["none", "english"].includes(name)) return sanderling((await load(at("pkg", "dist", "node.js"))).open, {}, name);
  return (await load(packages, "..", "peers.mjs")).PEERS[name]();
}

const files = FILES.filter((file) => existsSync(join(folder, `${file}.txt`)));
const { texts, ...queries } = Object.fromEntries(files.map((file) => [file, linesOf(folder, file)]));
const engine = await engineOf();
say({ kind: "built", ...(await build(engine, texts)) });
for await (const line of createInterface({ input: process.stdin })) {
  (await obey(engine, queries, line)).forEach(say);
  say({ kind: "done" });
}
