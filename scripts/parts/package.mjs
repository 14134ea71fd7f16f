// The parts that build the npm package and test it: its TypeScript, the shared cases, the packed tarball, the demo.
import { build as esbuild } from "esbuild";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.mjs";
import { COMMON } from "../bundles.mjs";
import { checkSizes, measureAll, sizeTable } from "../sizes.mjs";
import { at, Explained, run } from "../workspace.mjs";

/** The files below the given folders whose names end so; a list without a file is a mistake, not a pass. */
function filesEnding(ending, ...folders) {
  const files = folders.filter((folder) => existsSync(at(folder))).flatMap((folder) =>
    readdirSync(at(folder), { recursive: true })
      .filter((name) => name.endsWith(ending))
      .map((name) => join(folder, name)),
  );
  if (files.length === 0) throw new Explained(`no file *${ending} in ${folders.join(", ")}: nothing was tested`);
  return files.sort();
}

const nodeTest = (files, log, env, flags = []) =>
  run("node", ["--test", "--test-reporter=spec", ...flags, ...files], { log, env });

async function size({ note }) {
  const sizes = measureAll();
  for (const line of sizeTable(sizes).split("\n")) note(line);
  checkSizes(sizes);
}

// Type tests are ordinary files of the test projects: the compiler is what tests them.
async function typescript({ log }) {
  await run("tsc", ["-b"], { log });
  const sources = filesEnding(".test.ts", "pkg/test", "web/test", "worker/test");
  const outdir = at("target", "ts-tests");
  rmSync(outdir, { recursive: true, force: true });
  const output = { outdir, outbase: at(), outExtension: { ".js": ".mjs" }, sourcemap: "inline" };
  await esbuild({ ...COMMON, ...output, entryPoints: sources, platform: "node", packages: "external" });
  const bundles = sources.map((source) => join(outdir, source.replace(/\.ts$/, ".mjs")));
  await nodeTest(bundles, log, { NODE_OPTIONS: "--enable-source-maps" });
}

// A part that is run alone packs for itself; the parts of one run share the tarball.
let packed;

/** The packed package, in target/package. */
async function tarball(log) {
  if (packed) return packed;
  const folder = at("target", "package");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run("npm", ["pack", "--pack-destination", folder], { cwd: at("pkg"), log });
  packed = join(folder, readdirSync(folder)[0]);
  return packed;
}

// From within a project where the tarball is installed: there `sanderling` is what a user gets, and not this clone's.
async function cases({ log }) {
  const folder = at("target", "cases");
  rmSync(folder, { recursive: true, force: true });
  cpSync(at("tests", "cases"), join(folder, "cases"), { recursive: true });
  cpSync(at("tests", "fixtures"), join(folder, "fixtures"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "cases", "private": true, "type": "module" }');
  const options = ["--offline", "--no-audit", "--no-fund", "--no-workspaces", "--silent"];
  await run("npm", ["install", ...options, await tarball(log)], { cwd: folder, log });
  if (!existsSync(join(folder, "node_modules", "sanderling"))) throw new Explained("the tarball was not installed");
  await nodeTest(filesEnding(".test.mjs", "target/cases/cases"), log);
}

// One file after the other: each starts browsers and servers of its own, and two cores are soon busy.
async function packaging({ log, chromium }) {
  const files = filesEnding(".test.mjs", "tests/packaging", "tests/hosts");
  const env = { CHROME_PATH: chromium ?? "", SANDERLING_TARBALL: await tarball(log) };
  await nodeTest(files, log, env, ["--test-concurrency=1"]);
}

// The command as one calls it, then the page it serves.
async function demo({ log, chromium }) {
  await run("node", ["scripts/demo.mjs", "--check", "--port", "0"], { log });
  await nodeTest(filesEnding(".test.mjs", "web/demo"), log, { CHROME_PATH: chromium ?? "" });
}

const scripts = ({ log }) => nodeTest(filesEnding(".test.mjs", "scripts"), log);

export const PACKAGE_PARTS = [
  { name: "scripts", run: scripts },
  { name: "build", run: ({ log }) => build({ log }) },
  { name: "size", run: size },
  { name: "typescript", run: typescript },
  { name: "cases", run: cases },
  { name: "packaging", run: packaging },
  { name: "demo", run: demo },
];
