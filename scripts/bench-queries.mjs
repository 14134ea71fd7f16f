// Whole searches, natively and through the package in Node: how good the hits are, and how long legs, filters, facets, orders and
// groups take. `npm run bench:queries [-- --set wordnet|scifact] [--rows N] [--rounds N]`
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { prepare } from "./bench-queries/prepare.mjs";
import { judgements, quality } from "./bench-queries/quality.mjs";
import { at, run } from "./workspace.mjs";

const OPTIONS = { set: { type: "string" }, rows: { type: "string" }, rounds: { type: "string" } };
const { set = "wordnet", rows = "100000", rounds = "3" } = parseArgs({ options: OPTIONS }).values;

const records = (command, ...args) =>
  execFileSync(command, args, { maxBuffer: 2 ** 31 - 1, encoding: "utf8" }).trim().split("\n").map((line) => JSON.parse(line));

function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)];
}

const folder = at("target", `bench-queries-${set}`);
prepare(process.env.SANDERLING_DATA ?? at("..", "shared", "data"), set, Number(rows), folder);
await run("cargo", ["build", "--release", "-p", "sanderling-bench", "--bin", "queries"]);
const judged = judgements(folder);
for (const [host, found] of [
  ["native", records(at("target", "release", "queries"), folder, rounds)],
  ["node", records(process.execPath, at("scripts", "bench-queries", "in-node.mjs"), folder, rounds)],
]) {
  for (const { kind, us, hits, ...rest } of found) {
    if (kind.startsWith("judged")) {
      const { ndcg, recall } = quality(judged, hits);
      console.log(`${host} ${kind}: nDCG@10 ${ndcg.toFixed(4)}, recall@100 ${recall.toFixed(4)}`);
    } else if (Array.isArray(us)) {
      console.log(`${host} ${kind}: p50 ${percentile(us, 0.5).toFixed(0)} us, p95 ${percentile(us, 0.95).toFixed(0)} us, longest ${Math.max(...us).toFixed(0)} us`);
    } else console.log(`${host} ${kind}: ${JSON.stringify({ us, ...rest })}`);
  }
}
