// The tables, in Markdown, so that they can be put into docs/benchmarks.md as they are.
import { agreement, ratio, summed, timesOf, TYPOS } from "./figures.mjs";

const LABELS = { or: "OR", and: "AND", phrase: "phrase", prefix: "prefix", fuzzy: "fuzzy", common: "common words" };
const KINDS = Object.keys(LABELS);

const number = (value, digits = 3) => (Number.isFinite(value) ? Number(value.toPrecision(digits)).toLocaleString("en-US") : "-");
export const times = (value) => (Number.isFinite(value) ? number(value, value < 10 ? 2 : 3) : "-");
const share = (value) => (Number.isFinite(value) ? value.toFixed(3) : "-");
export const three = (value) => value.toFixed(3).replace(/^0/, "");

/** Lines of cells as a table; the first line is its head. */
export function markdown([head, ...lines]) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...lines.map(line)].join("\n");
}

const title = ({ name, built }) => `${name}${built.engine ? ` (${built.engine})` : ""}`;

function cell(contender, kind) {
  const { p50, p95, count } = summed(timesOf(contender, kind));
  return count === 0 ? "-" : `${number(p50)} / ${number(p95)}`;
}

/** Microseconds of each kind, median and 95th percentile, and what a rival takes of ours. */
export function nativeTable(contenders) {
  const lines = [["µs, median / p95", ...Object.values(LABELS)]];
  for (const contender of contenders) {
    lines.push([title(contender), ...KINDS.map((kind) => cell(contender, kind))]);
    const ours = contenders.find(({ name }) => name === contender.beside);
    if (ours === undefined) continue;
    const against = (suffix) => KINDS.map((kind) => times(ratio(timesOf(ours, kind), timesOf(contender, kind + suffix))));
    lines.push([`${contender.name}, and the number of matches`, ...KINDS.map((kind) => cell(contender, `${kind}, counted`))]);
    lines.push(["its median in medians of ours", ...against("")], ["the same with the number of matches", ...against(", counted")]);
  }
  return markdown(lines);
}

// Of prefixes and typos a rival's hits have no order.
const ORDERED = ["or", "and", "phrase", "common"];

/** How far hits and totals are those of a rival. */
export function agreementTable(contenders) {
  const lines = [["share of its top 10 in ours / of queries with equal numbers of matches", ...Object.values(LABELS)]];
  for (const contender of contenders.filter(({ beside }) => beside)) {
    const ours = contenders.find(({ name }) => name === contender.beside);
    const cells = KINDS.map((kind) => {
      const [own, theirs] = [ours, contender].map((one) => one?.others[`answers ${kind}`]);
      if (own === undefined || theirs === undefined) return "-";
      const { hits, totals } = agreement(own, theirs);
      return `${ORDERED.includes(kind) ? share(hits) : "-"} / ${share(totals)}`;
    });
    lines.push([contender.name, ...cells]);
  }
  return markdown(lines);
}

/** Medians in microseconds, and in brackets how many of ours that is. */
export function packageTable(contenders) {
  const most = Object.fromEntries(KINDS.map((kind) => [kind, Math.max(...contenders.map((one) => timesOf(one, kind).length))]));
  const lines = [["median in µs (of ours)", ...Object.values(LABELS)]];
  for (const contender of contenders) {
    const ours = contenders.find(({ name }) => name === contender.beside);
    const cells = KINDS.map((kind) => {
      const theirs = timesOf(contender, kind);
      if (theirs.length === 0) return "-";
      const text = number(summed(theirs).p50);
      const some = theirs.length < most[kind] ? `, first ${theirs.length}` : "";
      return ours ? `${text} (${times(ratio(timesOf(ours, kind), theirs))}${some})` : text;
    });
    lines.push([title(contender), ...cells]);
  }
  return markdown(lines);
}

/** Time to build and size of the index. */
export function indexTable(contenders) {
  const head = ["documents a second", "seconds until searchable", "seconds in all", "of the processor", "index, MB", "bytes a document"];
  const lines = [["", ...head]];
  for (const contender of contenders) {
    const { built, others } = contender;
    const bytes = others.bytes?.bytes ?? built.bytes;
    const until = built.put_seconds ?? built.build_seconds;
    const seconds = [until, built.build_seconds, built.build_cpu_seconds];
    const cells = [built.documents / until, ...seconds, bytes / 1e6, bytes / built.documents];
    lines.push([title(contender), ...cells.map((value) => number(value))]);
  }
  return markdown(lines);
}

/** The share of typos whose intended word was found, in percent. */
export const understood = (typos) => (100 * typos.filter(({ isFound }) => isFound).length) / typos.length;

/** The same of each kind, and of those whose stem is not another word's. */
export function typoTable(results) {
  const lines = [["typos understood, %", "all", ...TYPOS, "no form of another word"]];
  for (const { name, typos } of results) {
    const some = typos.length < 1_000 ? ` (first ${typos.length})` : "";
    const groups = [typos, ...TYPOS.map((wanted) => typos.filter(({ kind }) => kind === wanted)), typos.filter(({ isClear }) => isClear)];
    lines.push([`${name}${some}`, ...groups.map((group) => understood(group).toFixed(1))]);
  }
  return markdown(lines);
}

/** nDCG@10 and recall@100 for each set. */
export function qualityTable(sets) {
  const names = [...new Set(sets.flatMap(({ results }) => results.map(({ name }) => name)))];
  const of = (name) =>
    sets.map(({ results }) => {
      const found = results.find((one) => one.name === name);
      if (found === undefined) return "-";
      const some = found.answered < found.of ? ` (first ${found.answered})` : "";
      return `${three(found.ndcg)} / ${three(found.recall)}${some}`;
    });
  return markdown([["nDCG@10 / recall@100", ...sets.map(({ set }) => set)], ...names.map((name) => [name, ...of(name)])]);
}
