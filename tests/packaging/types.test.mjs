// The types of the packed tarball, as the compilers of users' projects resolve them.
import { copyFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { at, environment } from "../../scripts/workspace.mjs";
import { project } from "./project.mjs";

const SOURCE = fileURLToPath(new URL("./types.test-d.ts", import.meta.url));
const OPTIONS = {
  target: "ES2022",
  lib: ["ES2023", "ESNext.Disposable"],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: false,
  types: ["node"],
  typeRoots: [at("node_modules", "@types")],
};

for (const [module, moduleResolution] of [["NodeNext", "NodeNext"], ["ESNext", "Bundler"]]) {
  test(`the types allow and refuse what they should, resolved as ${moduleResolution} does`, () => {
    const folder = project("types");
    copyFileSync(SOURCE, join(folder, "types.ts"));
    const compilerOptions = { ...OPTIONS, module, moduleResolution };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["types.ts"] }));
    try {
      execFileSync("tsc", ["-p", "."], { cwd: folder, env: environment(), encoding: "utf8" });
    } catch (error) {
      throw new Error(`tsc: ${error.stdout}`);
    }
  });
}
