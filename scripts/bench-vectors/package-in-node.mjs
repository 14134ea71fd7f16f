// The package in this Node, over a prepared set: `package-in-node.mjs FOLDER`. Speaks as peers.mjs does.
import { at } from "../workspace.mjs";
import { build, round, setOf } from "./through-package.mjs";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const say = (record) => console.log(JSON.stringify(record));

function bytes(name) {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name));
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

const { open } = await import(pathToFileURL(at("pkg", "dist", "node.js")).href);
const set = setOf(["base.f32", "queries.f32", "truth.u32"].map(bytes));
const { collection, built } = await build(open, {}, set);
say({ kind: "built", ...built });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "round") (await round(collection, set)).forEach(say);
  say({ kind: "done" });
}
