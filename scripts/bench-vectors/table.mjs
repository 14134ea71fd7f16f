// The tables: ratios first, recall beside every time.
import { timeAt } from "../bench/contender.mjs";

/** The recalls at which contenders are compared. */
export const TARGETS = [0.95, 0.99];

const number = (value, digits = 3) => (Number.isFinite(value) ? Number(value.toPrecision(digits)).toLocaleString("en-US") : "-");
export const ratio = (value) => (Number.isFinite(value) ? `${value.toFixed(2)}x` : "-");
export const recallOf = (value) => value.toFixed(3).replace(/^0/, "");

/** Lines of cells in columns as wide as their widest cell; the first is on the left. */
export function columns(lines) {
  const width = (at) => Math.max(...lines.map((line) => String(line[at] ?? "").length));
  const widths = lines[0].map((_, at) => width(at));
  const cell = (text, at) => (at === 0 ? String(text).padEnd(widths[at]) : String(text ?? "").padStart(widths[at]));
  return lines.map((line) => line.map(cell).join("  ")).join("\n");
}

/** The seconds that a build took: of the processor where they are known, because the machine may be shared. */
export const buildTime = ({ built }) => built.build_cpu_seconds ?? built.build_seconds;

/** What stays in memory for a vector: with the rows of bytes, as ours needs to search; a rival's index as it is stored. */
export function bytesOf({ built }) {
  return built.index_bytes ?? built.code_bytes + built.byte_row_bytes;
}

/** The contender against which the others of a stage are measured. */
export const REFERENCE = "hnswlib";

// Queries a second, as a multiple of the reference's at the same recall.
function speed(result, reference, target) {
  const own = timeAt(result.settings, target);
  if (own === undefined) {
    const best = Math.max(...result.settings.map(({ recall }) => recall));
    return ["-", "-", "-", `best ${recallOf(best)}`];
  }
  // Where its lowest setting finds more than that, the reference is asked for as much, as far as it can.
  const theirs = reference && (timeAt(reference.settings, own.recall) ?? timeAt(reference.settings, target));
  const middle = timeAt(result.settings, target, "p50");
  return [ratio(theirs?.time / own.time), number(1e6 / own.time), number(middle.time), recallOf(own.recall)];
}

/** One line a contender: ratios to the reference at each recall, build and memory. */
export function stageTable(results) {
  const reference = results.find(({ name }) => name === REFERENCE);
  const head = ["", ...TARGETS.flatMap((target) => [`at ${recallOf(target)}`, "QPS", "p50 µs", "recall"])];
  const lines = [[...head, "build", "s", "bytes/vector", ""]];
  for (const result of results) {
    const build = buildTime(result);
    const cells = TARGETS.flatMap((target) => speed(result, reference, target));
    const faster = ratio(reference && buildTime(reference) / build);
    const note = result.built.cached ? "built by an earlier run" : "";
    const version = result.built.version ? ` ${result.built.version}` : "";
    lines.push([`${result.name}${version}`, ...cells, faster, number(build), number(bytesOf(result)), note]);
  }
  return columns(lines);
}

/** Every setting of every contender, with what it found. */
export function settingsTable(results) {
  const lines = [["setting", "recall", "mean µs", "p50 µs", "QPS"]];
  for (const { name, settings } of results) {
    for (const { setting, recall, mean, p50 } of settings) {
      lines.push([`${name}: ${setting}`, recall.toFixed(4), number(mean), number(p50), number(1e6 / mean)]);
    }
  }
  return columns(lines);
}

/** Searches behind filters beside those without one, at the same target. */
export function filterTable({ filters }) {
  const lines = [["filter", "target", "passing", "recall", "of unfiltered", "p50 µs", "time of unfiltered", "in full"]];
  for (const { setting, target, share, recall, mean, p50, exact } of filters) {
    const free = filters.find((other) => other.setting === "none" && other.target === target);
    const difference = `${((recall - free.recall) * 100).toFixed(1)} points`;
    const cells = [recallOf(target), `${number(share * 100)} %`, recallOf(recall), difference, number(p50), ratio(mean / free.mean)];
    lines.push([setting, ...cells, exact === 1 ? "yes" : ""]);
  }
  return columns(lines);
}
