// Builds the npm package: wasm, bundles, types. `npm run build`.
import { rmSync } from "node:fs";
import { at, isMain, main, run } from "./workspace.mjs";
import { setup } from "./setup.mjs";

// The TypeScript projects that ship; their tests are further projects, built by the tests.
const PROJECTS = ["pkg", "worker", "worker/tsconfig.node.json", "web"];

/** Checks the types of every project and writes the declarations to pkg/dist/types. */
async function buildTypes(log) {
  // From scratch, or the declarations of a source that is gone would stay in the package.
  for (const name of ["types", "tsconfig.tsbuildinfo"]) rmSync(at("pkg", "dist", name), { recursive: true, force: true });
  await run("tsc", ["-b", ...PROJECTS], { log });
}

/** Builds everything into pkg/dist and pkg/generated. */
export async function build({ log } = {}) {
  // Loaded here, because setup() may only now have installed what they import.
  const { buildWasm } = await import("./wasm.mjs");
  const { buildLanguages } = await import("./languages.mjs");
  const { buildBundles } = await import("./bundles.mjs");
  await buildWasm(log);
  await buildLanguages(log);
  await buildTypes(log);
  await buildBundles();
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup();
    await build();
    const { measureAll, sizeTable } = await import("./sizes.mjs");
    console.log(sizeTable(measureAll()));
  });
}
