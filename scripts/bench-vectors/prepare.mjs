// Writes a data set where every contender can read it: plain numbers under target/bench.
import { at, Explained, run } from "../workspace.mjs";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** The folder of a prepared set; built indexes are kept in it too. */
export const preparedFolder = ({ set, rows }) => at("target", "bench", `${set}-${rows}`);

/** Prepares a set unless an earlier run did, and returns its folder. */
export async function prepare(program, stage, data) {
  const folder = preparedFolder(stage);
  const isStored = !["uniform", "clustered"].includes(stage.set);
  if (isStored && !existsSync(join(data, stage.set))) throw new Explained(`no data in ${join(data, stage.set)}: name its folder with --data`);
  if (!existsSync(join(folder, "truth.u32"))) {
    const from = isStored ? ["--data", data] : [];
    await run(program, ["--set", stage.set, "--rows", String(stage.rows), "--prepare", folder, ...from]);
  }
  if (isStored && !existsSync(join(folder, "filters.txt"))) prepareFilters(join(data, stage.set), folder, stage.rows);
  return folder;
}

// One test, `field=value`, `field>=number`, or `NOT` and one of them.
function test(text) {
  if (text.startsWith("NOT ")) {
    const inner = test(text.slice(4));
    return (row) => !inner(row);
  }
  const [, field, operator, value] = /^(\w+)(=|>=)(.+)$/.exec(text) ?? [];
  if (field === undefined) throw new Explained(`the filter ${text} is not understood`);
  return operator === "=" ? (row) => String(row[field]) === value : (row) => row[field] >= Number(value);
}

// The data set's own filters, for its first rows: the true neighbours behind them are computed by the benchmark.
function prepareFilters(source, folder, rows) {
  const file = join(source, "filters.json");
  if (!existsSync(file)) return;
  const predicates = JSON.parse(readFileSync(file, "utf8")).map(({ predicate }) => predicate);
  const lines = gunzipSync(readFileSync(join(source, "texts.jsonl.gz"))).toString("utf8").split("\n");
  const documents = lines.slice(0, rows).filter((line) => line !== "").map((line) => JSON.parse(line));
  const bytes = predicates.flatMap((predicate) => {
    const tests = predicate.split(" AND ").map(test);
    return documents.map((document) => Number(tests.every((passes) => passes(document))));
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "filters.bin"), Buffer.from(bytes));
  writeFileSync(join(folder, "filters.txt"), `${predicates.join("\n")}\n`);
}
