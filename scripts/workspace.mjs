// Where things are, and how a command is run: what every script here shares.
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the clone. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** A path inside the clone. */
export const at = (...parts) => join(ROOT, ...parts);

/** A mistake or a missing thing that one sentence explains: shown without a stack trace. */
export class Explained extends Error {}

// rustup does not always reach the PATH of a shell that was open before it; npm tools never do.
const toolFolders = [at("node_modules", ".bin"), at(".tools", "bin")];
const searchPath = [...toolFolders, process.env.PATH, join(homedir(), ".cargo", "bin")].join(delimiter);

/** The environment for child processes: this clone's tools first. */
export const environment = (extra = {}) => ({ ...process.env, PATH: searchPath, ...extra });

/** The standard output of a command, trimmed, or undefined when it is missing or fails. */
export function ask(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: environment(options.env),
    timeout: 20_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * Runs a command to its end; rejects when it fails. `log`, a writable stream, takes its output; without one
 * the output goes to the terminal.
 */
export function run(command, args, { cwd = ROOT, env, log } = {}) {
  const { promise, resolve, reject } = withResolvers();
  log?.write(`$ ${command} ${args.join(" ")}\n`);
  const stdio = log ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"];
  const child = spawn(command, args, { cwd, env: environment(env), stdio });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.on("error", (error) => reject(new Explained(`${command} could not be started: ${error.message}`)));
  child.on("close", (code, signal) => {
    if (code === 0) resolve();
    else reject(new Explained(`${command} ${args.slice(0, 4).join(" ")} ended with ${signal ?? `exit code ${code}`}`));
  });
  return promise;
}

// Promise.withResolvers is not in Node 20.
function withResolvers() {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

/** Writes a file only when its content changes, so that later steps see honest modification times. */
export function writeIfChanged(path, content) {
  const bytes = Buffer.from(content);
  if (existsSync(path) && readFileSync(path).equals(bytes)) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return true;
}

/** A log file under target/, created with its folder. */
export function openLog(path) {
  mkdirSync(dirname(path), { recursive: true });
  return createWriteStream(path);
}

/** True when the module at `url` is the program that node was started with. */
export const isMain = (url) =>
  // The real path, because the clone may lie behind a symbolic link.
  process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1]);

/** Runs a script's main function; an Explained error ends it with its sentence and exit code 1. */
export async function main(task) {
  try {
    await task();
  } catch (error) {
    console.error(error instanceof Explained ? `✘ ${error.message}` : error);
    process.exitCode = 1;
  }
}
