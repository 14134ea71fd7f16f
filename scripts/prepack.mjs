// Runs before `npm pack` in pkg/: builds the whole package, in a fresh clone too, and brings the files that npm
// wants beside package.json. What it prints goes to stderr: `npm pack --json` answers on stdout.
import { copyFileSync } from "node:fs";
import { at, main } from "./workspace.mjs";

console.log = console.error;

await main(async () => {
  const { setup } = await import("./setup.mjs");
  await setup();
  const { build } = await import("./build.mjs");
  await build({ log: process.stderr });
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "README.md"]) copyFileSync(at(name), at("pkg", name));
});
