// Installs rivals under target/ when they are first needed.
import { run } from "../workspace.mjs";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Once for each content of the file that lists what is needed.
async function install(folder, list, task) {
  const stamp = join(folder, "installed");
  const wanted = readFileSync(list, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  mkdirSync(folder, { recursive: true });
  await task();
  writeFileSync(stamp, wanted);
}

/** A Python that has what the list names. */
export async function pythonWith(folder, list) {
  const python = join(folder, "bin", "python");
  await install(folder, list, async () => {
    await run("python3", ["-m", "venv", folder]);
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", list]);
  });
  return python;
}

/** The path of a program in Rust that is a package of its own. */
export async function program(source, folder, name) {
  const manifest = join(source, "Cargo.toml");
  await run("cargo", ["build", "--quiet", "--release", "--locked", "--manifest-path", manifest, "--target-dir", folder]);
  return join(folder, "release", name);
}

/** The folder of the installed packages that the lock file beside the sources names. */
export async function packagesOf(source, folder) {
  await install(folder, join(source, "package-lock.json"), async () => {
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(source, file), join(folder, file));
    await run("npm", ["ci", "--silent", "--ignore-scripts"], { cwd: folder });
  });
  return join(folder, "node_modules");
}
