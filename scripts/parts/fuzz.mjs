// The fuzz targets of crates/testkit, each for some seconds: by cargo fuzz, which sees what code an input reaches, or else by
// random changes of the kept inputs.
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { provideFuzzer } from "../setup.mjs";
import { ask, at, Explained, openLog, run } from "../workspace.mjs";

const FOLDER = join("crates", "testkit", "fuzz");
const PRODUCTS = join("target", "fuzz");
const MEGABYTES_MAX = 256;
const SECONDS_PER_INPUT = 1;
const BYTES_MAX = 4_096;

const targets = () => readdirSync(at(FOLDER, "fuzz_targets")).map((file) => file.replace(/\.rs$/, ""));

/** What libFuzzer says of itself at its end: how many inputs, how many a second, how much memory. */
export function statistics(output) {
  const number = (name) => Number(new RegExp(`^stat::${name}:\\s+(\\d+)`, "m").exec(output)?.[1] ?? Number.NaN);
  return { runs: number("number_of_executed_units"), perSecond: number("average_exec_per_sec"), megabytes: number("peak_rss_mb") };
}

// Without a sanitizer: the code under test has no unsafe blocks, and so the limit of memory is that of the code itself.
async function build(log) {
  const args = ["+nightly", "fuzz", "build", "--fuzz-dir", FOLDER, "--target-dir", PRODUCTS, "--sanitizer", "none"];
  await run("cargo", args, { log, env: { CARGO_TERM_COLOR: "never" } });
  const host = /^host: (\S+)$/m.exec(ask("rustc", ["+nightly", "-vV"]))[1];
  return at(PRODUCTS, host, "release");
}

async function fuzzTarget(name, binary, seconds, { log, note }) {
  const found = at(PRODUCTS, "found", name);
  const artifacts = at(PRODUCTS, "artifacts");
  rmSync(found, { recursive: true, force: true });
  for (const folder of [found, artifacts]) mkdirSync(folder, { recursive: true });
  const limits = { max_total_time: seconds, timeout: SECONDS_PER_INPUT, rss_limit_mb: MEGABYTES_MAX, max_len: BYTES_MAX };
  const options = { ...limits, print_final_stats: 1, artifact_prefix: join(artifacts, `${name}-`) };
  const args = Object.entries(options).map(([option, value]) => `-${option}=${value}`);
  const file = at(PRODUCTS, `${name}.log`);
  const own = openLog(file);
  const failure = await run(binary, [...args, found, at(FOLDER, "corpus", name)], { log: own }).catch((error) => error);
  own.end();
  await once(own, "close");
  const output = readFileSync(file, "utf8");
  log.write(output);
  if (failure) {
    const kept = `crates/testkit/fuzz/corpus/${name}`;
    throw new Explained(`${name}: ${failure.message}; its input is in target/fuzz/artifacts (mended, it belongs in ${kept})`);
  }
  const { runs, perSecond, megabytes } = statistics(output);
  note(`${name.padEnd(12)} ${runs} inputs, ${perSecond}/s, ${megabytes} MB`);
}

// Where the system can, an input that takes more memory ends the process: the seed in the log finds it again.
const WITHIN_MEMORY = `ulimit -v ${MEGABYTES_MAX * 1_024} && exec "$0" "$@"`;

async function mutateTarget(name, seconds, { log }) {
  const [mutate, args] = [at("target", "debug", "mutate"), [name, `${seconds}`, `${Date.now()}`]];
  if (process.platform === "linux") await run("sh", ["-c", WITHIN_MEMORY, mutate, ...args], { log });
  else await run(mutate, args, { log });
}

/** Runs every target for so many seconds. */
export async function fuzz(seconds, context) {
  const missing = await provideFuzzer();
  if (missing) {
    context.note(`${missing}: random changes of the kept inputs instead of cargo fuzz`);
    const args = ["build", "-p", "sanderling-testkit", "--bin", "mutate"];
    await run("cargo", args, { log: context.log, env: { CARGO_TERM_COLOR: "never" } });
    for (const name of targets()) await mutateTarget(name, seconds, context);
    return;
  }
  const folder = await build(context.log);
  for (const name of targets()) await fuzzTarget(name, join(folder, name), seconds, context);
}

export const FUZZ_PARTS = [{ name: "fuzz", run: (context) => fuzz(10, context) }];
export const DEEP_FUZZ_PARTS = [{ name: "fuzz", run: (context) => fuzz(60, context) }];
