// Our vector indexes and their rivals, side by side in one run: `npm run bench:vectors`. One thread, one query at a time;
// all contenders take turns, and a query's time is the middle one of its rounds. Options:
//   --quick                    ours and hnswlib with 20,000 vectors
//   --stage wordnet:100000     instead of all stages; may be given more than once
//   --only ours,hnswlib        contenders whose name begins so
//   --index auto,flat,ivf      our indexes
//   --rounds N                 5 if not said
//   --filters, --settings      filters for every stage and contender of ours; every setting
//   --fresh                    build the rivals' indexes anew
//   --native                   without our wasm
//   --node PATH                the Node that runs wasm
//   --data FOLDER              the data sets; otherwise SANDERLING_DATA or ../shared/data
import { buildOurs, ours } from "./bench-vectors/ours.mjs";
import { dataFolder } from "./bench/data.mjs";
import { prepare } from "./bench-vectors/prepare.mjs";
import { findRivals, rivalsFor } from "./bench-vectors/rivals.mjs";
import { measured, skip, started } from "./bench/run.mjs";
import { summarised } from "./bench/contender.mjs";
import { summary } from "./bench-vectors/summary.mjs";
import { filterTable, settingsTable, stageTable } from "./bench-vectors/table.mjs";
import { build } from "./build.mjs";
import { ask, at, Explained, isMain, main } from "./workspace.mjs";
import { rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const OPTIONS = {
  quick: { type: "boolean", default: false },
  stage: { type: "string", multiple: true },
  only: { type: "string" },
  index: { type: "string", default: "auto" },
  rounds: { type: "string", default: "5" },
  filters: { type: "boolean", default: false },
  settings: { type: "boolean", default: false },
  fresh: { type: "boolean", default: false },
  native: { type: "boolean", default: false },
  node: { type: "string", default: "node" },
  data: { type: "string" },
};
const STAGES = ["wordnet:100000", "wordnet:50000", "wordnet:10000", "scifact:5183", "clustered:20000", "uniform:20000"];
const QUICK = { stage: ["wordnet:20000"], only: "ours,hnswlib" };
/** Rounds behind filters: there are many of them. */
const FILTER_ROUNDS = 3;

/** Rivals of the browser, and libraries that only small sets are fair to, run at these numbers of wordnet's vectors. */
const SMALL = [10_000, 50_000];

const hasSmallRivals = ({ set, rows }) => set === "wordnet" && SMALL.includes(rows);

function takesPart({ name, kind, most = Infinity }, stage) {
  if (kind === "rust" || kind === "node") return hasSmallRivals(stage) && stage.rows <= most;
  // All native rivals at full size, the first and the strongest of them everywhere.
  return kind !== "python" || stage.rows >= 100_000 || ["hnswlib", "rabitq-symqg"].includes(name);
}

const parseStage = (text) => {
  const [, set, rows] = /^(\w+):(\d+)$/.exec(text) ?? [];
  if (set === undefined) throw new Explained(`a stage is a set and a number, such as wordnet:100000, not ${text}`);
  return { set, rows: Number(rows) };
};

async function runStage(stage, { programs, rivals, options, data }) {
  console.log(`\n${stage.set}, ${stage.rows.toLocaleString("en-US")} vectors`);
  const folder = await prepare(programs.native, stage, data);
  if (options.fresh) for (const kind of ["python", "rust", "node"]) rmSync(join(folder, kind), { recursive: true, force: true });
  const wanted = options.only?.split(",");
  const all = [...ours(programs, folder, options.index.split(",")), ...rivalsFor(rivals, folder)];
  const chosen = all.filter((one) => !wanted || wanted.some((name) => one.name.startsWith(name)));
  let running = await started(chosen.filter((contender) => takesPart(contender, stage)));
  try {
    running = await measured(running, "round", Number(options.rounds));
    const own = running.filter(({ kind, name }) => name.startsWith("ours") && kind !== "package");
    if (options.filters || stage.rows >= 100_000) {
      await measured(own, "filters", FILTER_ROUNDS);
      await measured(own, "bandwidth", 1);
    }
  } finally {
    for (const contender of running) contender.stop();
  }
  return running.map(summarised);
}

function show(results, options) {
  console.log(stageTable(results));
  if (options.settings) console.log(`\n${settingsTable(results)}`);
  // In wasm they find the same; the claims have their times.
  const filtered = results.filter(({ kind, filters }) => filters.length > 0 && (options.filters || kind === "native"));
  for (const result of filtered) {
    console.log(`\n${result.name}, behind filters\n${filterTable(result)}`);
  }
}

function parsed() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    return values.quick ? { ...values, ...QUICK } : values;
  } catch (error) {
    throw new Explained(error.message);
  }
}

async function bench() {
  const options = parsed();
  const programs = await buildOurs(options.node, options.native);
  if (!options.native) await build();
  const stages = (options.stage ?? STAGES).map(parseStage);
  const groups = stages.some(hasSmallRivals) ? ["python", "rust", "node"] : ["python"];
  const rivals = await findRivals(groups, options.node, skip);
  console.log(`${cpus()[0].model}, ${ask("rustc", ["--version"])}, wasm in Node ${ask(options.node, ["--version"])}, one thread`);
  console.log("Ratios are to hnswlib: queries a second at the same recall, between its settings, and time to build.");
  const report = [];
  for (const stage of stages) {
    const results = await runStage(stage, { programs, rivals, options, data: dataFolder(options.data) });
    show(results, options);
    report.push({ ...stage, results });
    writeFileSync(at("target", "bench", "vectors.json"), JSON.stringify(report, null, 1));
  }
  console.log(`\n${summary(report)}`);
}

if (isMain(import.meta.url)) await main(bench);
