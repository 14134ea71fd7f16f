// Text search and its rivals, side by side in one run: `npm run bench:text`. One thread, one query at a time; all contenders
// take turns, and a query's time is the middle one of its rounds. Options:
//   --only native,node,chromium,quality,typos
//                     parts; all if not said
//   --documents N     at most so many documents in the parts that measure time
//   --rounds N        5 if not said
//   --names a,b       contenders whose name begins so
//   --node PATH       the Node that runs wasm and rivals in JavaScript
//   --data FOLDER     the data sets; otherwise SANDERLING_DATA or ../shared/data
import { inJavaScript, native, peersModule, programs, reference } from "./bench-text/contenders.mjs";
import { claims } from "./bench-text/claims.mjs";
import { quality, summed, timesOf, typoJudge } from "./bench-text/figures.mjs";
import { judgements, linesOf, prepare } from "./bench-text/prepare.mjs";
import { agreementTable, indexTable, nativeTable, packageTable, qualityTable, typoTable } from "./bench-text/tables.mjs";
import { dataFolder } from "./bench/data.mjs";
import { measured, skip, started } from "./bench/run.mjs";
import { build } from "./build.mjs";
import { ask, at, Explained, isMain, main } from "./workspace.mjs";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";

const PARTS = ["quality", "native", "node", "chromium", "typos"];
const OPTIONS = {
  only: { type: "string", default: PARTS.join(",") },
  documents: { type: "string", default: "1000000" },
  rounds: { type: "string", default: "5" },
  names: { type: "string" },
  node: { type: "string", default: "node" },
  data: { type: "string" },
};
const NATIVE_STAGES = [
  { set: "wordnet", rows: 117_659 },
  { set: "long", rows: 100_000 },
];
const PACKAGE_STAGE = { set: "long", rows: 20_000 };
const JUDGED_STAGES = [
  { set: "scifact", rows: 5_183, isJudged: true },
  { set: "wordnet", rows: 117_659, isJudged: true },
];
const PLAIN = [["none", "keep"], ["english", "keep"]];
const JUDGED = [["english", "keep"], ["english", "drop"]];
const AGREED = ["or", "and", "phrase", "prefix", "fuzzy", "common"];
/** Seconds that a rival may think about a token of 100 kB. */
const TOKEN_SECONDS = 45;

const chosen = (contenders, { names }) =>
  contenders.filter(({ name }) => names === undefined || names.split(",").some((wanted) => name.startsWith(wanted)));

// Starts the contenders, lets the task use them and ends them whatever comes.
async function among(contenders, options, task) {
  const running = await started(chosen(contenders, options));
  try {
    return await task(running);
  } finally {
    for (const contender of running) contender.stop();
  }
}

const heading = ({ set, rows }, text) => console.log(`\n## ${set}, ${rows.toLocaleString("en-US")} documents: ${text}\n`);
const small = (stage, { documents }) => ({ ...stage, rows: Math.min(stage.rows, Number(documents)) });

// Drops the answers, which are long, once they were judged.
const reported = ({ name, kind, beside, built, settings, others }) => {
  const measured = Object.fromEntries([...settings.keys()].map((key) => [key, summed(timesOf({ settings }, key))]));
  return { name, kind, beside, built, times: measured, bytes: others.bytes?.bytes, token: others.token?.ms };
};

async function judged(context) {
  const sets = [];
  for (const stage of JUDGED_STAGES) {
    const folder = prepare(stage, context.data);
    const grades = judgements(context.data, stage.set);
    const inNode = stage.set === "scifact" ? inJavaScript(context.programs, folder, "node") : [];
    const all = [...native(context.programs, folder, JUDGED), ...reference(context.programs, folder, JUDGED), ...inNode];
    const results = await among(all, context.options, async (running) => {
      const left = await measured(running, "answers judged", 1);
      return left.map(({ name, others }) => ({ name, ...quality(others["answers judged"].hits, grades) }));
    });
    sets.push({ set: stage.set, results });
  }
  console.log(`\n## Quality\n\n${qualityTable(sets)}`);
  return { sets };
}

// What of the typos each of them understood.
async function typos(running, folder, { programs: { packages } }) {
  if (!packages) return [];
  const { stemOf } = await import(pathToFileURL(peersModule({ packages })).href);
  const judge = typoJudge({ texts: linesOf(folder, "texts"), meant: linesOf(folder, "meant"), typed: linesOf(folder, "fuzzy") }, stemOf);
  const able = running.filter(({ others }) => others["answers fuzzy"]);
  return able.map(({ name, others }) => ({ name, typos: judge(others["answers fuzzy"].hits) }));
}

async function tokens(running) {
  const able = running.filter(({ name }) => /^(ours|package|minisearch|orama)/.test(name));
  for (const contender of able) {
    try {
      console.error(`token: ${contender.name}`);
      await contender.measureWithin("token", TOKEN_SECONDS);
      console.log(`a token of 100 kB with typos, ${contender.name}: ${contender.others.token.ms.toFixed(1)} ms`);
    } catch (error) {
      console.log(`a token of 100 kB with typos, ${contender.name}: ${error.message}`);
    }
  }
}

async function natively(wanted, context) {
  const stage = small(wanted, context.options);
  const folder = prepare(stage, context.data);
  const isTimed = context.parts.includes("native");
  const all = [...native(context.programs, folder, PLAIN), ...(isTimed ? reference(context.programs, folder, PLAIN) : [])];
  return among(all, context.options, async (running) => {
    const result = { stage, typos: [] };
    if (isTimed) {
      const timed = running.filter(({ kind }) => kind !== "python");
      await measured(timed, "round", Number(context.options.rounds));
      await measured(timed, "bytes", 1);
      for (const kind of AGREED) await measured(running, `answers ${kind}`, 1);
      heading(stage, "native");
      console.log(`${nativeTable(timed)}\n\n${agreementTable(running)}\n\n${indexTable(timed)}`);
    } else {
      await measured(running, "answers fuzzy", 1);
    }
    if (context.parts.includes("typos")) {
      result.typos = await typos(running, folder, context);
      console.log(`\n${typoTable(result.typos)}\n`);
      await tokens(running.filter(({ isOurs }) => isOurs));
    }
    return { ...result, results: running.map(reported), contenders: running };
  });
}

async function throughPackage(host, context) {
  const stage = small(PACKAGE_STAGE, context.options);
  const folder = prepare(stage, context.data);
  return among(inJavaScript(context.programs, folder, host), context.options, async (running) => {
    const result = { host, stage, typos: [] };
    if (context.parts.includes(host)) {
      await measured(running, "round", Number(context.options.rounds));
      await measured(running, "bytes", 1);
      heading(stage, host);
      console.log(`${packageTable(running)}\n\n${indexTable(running)}\n`);
    }
    if (host === "node" && context.parts.includes("typos")) {
      await measured(running, "answers fuzzy", 1);
      result.typos = await typos(running, folder, context);
      console.log(`${typoTable(result.typos)}\n`);
      await tokens(running);
    }
    return { ...result, results: running.map(reported), contenders: running };
  });
}

function parsed() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const unknown = values.only.split(",").filter((part) => !PARTS.includes(part));
    if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(" ")}; the parts are ${PARTS.join(" ")}`);
    return values;
  } catch (error) {
    throw new Explained(error.message);
  }
}

async function bench() {
  const options = parsed();
  const parts = options.only.split(",");
  const wants = (...some) => some.some((part) => parts.includes(part));
  if (wants("node", "chromium", "typos", "quality")) await build();
  const context = { options, parts, data: dataFolder(options.data), programs: await programs(parts, options.node, skip) };
  console.log(`${cpus()[0].model}, ${ask("rustc", ["--version"])}, Node ${ask(options.node, ["--version"])}, one thread`);
  const report = { quality: undefined, native: [], hosts: [] };
  if (wants("quality")) report.quality = await judged(context);
  if (wants("native")) for (const stage of NATIVE_STAGES) report.native.push(await natively(stage, context));
  else if (wants("typos")) report.native.push(await natively(NATIVE_STAGES[0], context));
  if (wants("node", "typos")) report.hosts.push(await throughPackage("node", context));
  if (wants("chromium")) report.hosts.push(await throughPackage("chromium", context));
  console.log(`\n## Claims\n\n${claims(report)}`);
  const bare = (_, value) => (value?.contenders === undefined ? value : { ...value, contenders: undefined });
  writeFileSync(at("target", "bench", "text.json"), JSON.stringify(report, bare, 1));
}

if (isMain(import.meta.url)) await main(bench);
