// Faults of storages: millions of calls, every place of every file, and the mistakes that all this must see. And processes that
// are killed.
import { cargo } from "./rust.mjs";

const TESTKIT = ["--profile", "simulation", "-p", "sanderling-testkit"];
const PROFILES = 8;

const TESTS = ["simulation", ...["points", "bytes", "golden", "copies", "repairs"].map((name) => `simulation_${name}`)];

/** Makes so many calls over all profiles, and looks at every call and every place, and so many bits of each byte of the fixtures. */
async function simulate(operations, bits, { log }) {
  const each = { SANDERLING_EVERY: "1", SANDERLING_BITS: `${bits}` };
  const all = { SANDERLING_OPERATIONS: `${Math.ceil(operations / PROFILES)}`, ...each };
  const tests = TESTS.flatMap((test) => ["--test", test]);
  await cargo(["test", ...TESTKIT, ...tests, "--", "--nocapture"], log, all);
}

async function defects({ log }) {
  await cargo(["test", ...TESTKIT, "--features", "planted-defects", "--test", "simulation_defects"], log);
}

/** Searches beside a writer for so many seconds; ten among the tests of `native`. */
async function stress(seconds, { log }) {
  const env = { SANDERLING_STRESS_SECONDS: `${seconds}` };
  await cargo(["test", "-p", "sanderling", "--test", "stress", "--", "--nocapture"], log, env);
}

/** Kills so many writing processes; thirty are killed among the tests of `native`. */
async function kill(rounds, { log }) {
  await cargo(["test", "-p", "sanderling", "--test", "kill", "--", "--nocapture"], log, { SANDERLING_KILLS: `${rounds}` });
}

export const SIMULATION_PARTS = [
  { name: "simulation", run: (context) => simulate(2_000_000, 1, context) },
  { name: "defects", run: defects },
];
export const DEEP_SIMULATION_PARTS = [
  { name: "simulation", run: (context) => simulate(50_000_000, 8, context) },
  { name: "kill", run: (context) => kill(1_000, context) },
  { name: "stress", run: (context) => stress(60, context) },
];
