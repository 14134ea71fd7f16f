// Puts the demo page together in target/demo: the bundled page, the package's files beside it, the data.
import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { COMMON } from "./bundles.mjs";
import { at, Explained } from "./workspace.mjs";

const SOURCE = at("web", "demo");
const STATIC = /\.(html|css|json|svg|txt|bin)$/;

/** Builds the page and answers its folder. */
export async function buildDemo() {
  const folder = at("target", "demo");
  if (!existsSync(join(SOURCE, "main.ts"))) throw new Explained("web/demo/main.ts is missing");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(SOURCE)) {
    if (STATIC.test(name) && !name.startsWith("tsconfig")) cpSync(join(SOURCE, name), join(folder, name));
  }
  if (existsSync(join(SOURCE, "data"))) cpSync(join(SOURCE, "data"), join(folder, "data"), { recursive: true });
  // The package is not bundled: the page loads it from beside itself, as a page without a bundler would.
  cpSync(at("pkg", "dist"), join(folder, "sanderling"), { recursive: true, filter: (path) => !path.endsWith(".d.ts") });
  const alias = {
    name: "package-beside-the-page",
    setup: ({ onResolve }) => {
      onResolve({ filter: /^sanderling$/ }, () => ({ path: "./sanderling/browser.js", external: true }));
    },
  };
  await build({
    ...COMMON,
    entryPoints: [join(SOURCE, "main.ts")],
    outfile: join(folder, "main.js"),
    platform: "browser",
    plugins: [alias],
    sourcemap: true,
  });
  return folder;
}
