// Runs every test of the project, part by part, and ends with one table. `npm test`, or some parts by name:
// `npm test -- clippy native`; with `--deep` (`npm run test:deep`) those that take minutes each, with `--browser`
// (`npm run test:browser`) more of the kills and rounds in browsers. A failing part shows the end of its output; all of it is in target/test-logs.
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { at, Explained, main, openLog } from "./workspace.mjs";
import { setup } from "./setup.mjs";

const SHOWN_LINES = 120;

// The only parts that may be skipped, because their tools are not on every machine.
const MAY_BE_SKIPPED = new Set(["firefox", "bun", "webkitgtk", "fuzz"]);

const SIGNS = { passed: "✔", failed: "✘", skipped: "–" };
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1).padStart(7) + " s";

/** Runs one part; answers its outcome and, when it did not pass, why. A part skips itself by returning `{ skip }`. */
async function outcomeOf(part, context) {
  try {
    const skip = (await part.run(context))?.skip;
    if (!skip) return { outcome: "passed" };
    if (MAY_BE_SKIPPED.has(part.name)) return { outcome: "skipped", reason: skip };
    return { outcome: "failed", reason: `this part must not be skipped: ${skip}` };
  } catch (error) {
    context.log.write(`${error instanceof Explained ? error.message : error.stack}\n`);
    return { outcome: "failed", reason: error.message };
  }
}

async function runPart(part, facts) {
  const file = at("target", "test-logs", `${part.name}.log`);
  const log = openLog(file);
  const notes = [];
  const start = performance.now();
  const result = await outcomeOf(part, { ...facts, log, note: (line) => notes.push(line) });
  log.end();
  await once(log, "close");
  const time = seconds(start);
  console.log(`${SIGNS[result.outcome]} ${part.name.padEnd(14)}${time}${result.reason ? `   ${result.reason}` : ""}`);
  for (const line of notes) console.log(`    ${line}`);
  if (result.outcome === "failed") showEnd(part.name, file);
  return { name: part.name, time, ...result };
}

function showEnd(name, file) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  if (lines.length > SHOWN_LINES) console.log(`    | ... all of it is in target/test-logs/${name}.log`);
  for (const line of lines.slice(-SHOWN_LINES)) console.log(`    | ${line}`);
}

function summarise(results, start) {
  console.log("\nsummary");
  for (const { name, outcome, time, reason } of results) {
    console.log(`${SIGNS[outcome]} ${name.padEnd(14)}${time}   ${outcome}${reason ? `: ${reason}` : ""}`);
  }
  const count = (wanted) => results.filter(({ outcome }) => outcome === wanted).length;
  const skipped = count("skipped");
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`in ${seconds(start).trim()}`);
  console.log(`${count("passed")} passed, ${count("failed")} failed`);
  return count("failed");
}

function choose(parts, names) {
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  const known = parts.map((part) => part.name).join(" ");
  if (unknown.length > 0) throw new Explained(`no such part: ${unknown.join(" ")}; the parts are ${known}`);
  return names.length === 0 ? parts : parts.filter((part) => names.includes(part.name));
}

await main(async () => {
  const start = performance.now();
  const facts = await setup({ forTests: true });
  // Loaded here, because setup() may only now have installed what the parts import.
  const { BROWSER_PARTS, DEEP_PARTS, PARTS } = await import("./parts/index.mjs");
  const sets = { "--deep": DEEP_PARTS, "--browser": BROWSER_PARTS };
  const names = process.argv.slice(2);
  const set = names.find((name) => Object.hasOwn(sets, name));
  const chosen = choose(sets[set] ?? PARTS, names.filter((name) => name !== set));
  const results = [];
  for (const part of chosen) results.push(await runPart(part, facts));
  if (summarise(results, start) > 0) process.exitCode = 1;
});
