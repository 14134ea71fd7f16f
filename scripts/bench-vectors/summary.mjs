// What the project claims of its vector search, each with what was measured.
import { timeAt } from "../bench/contender.mjs";
import { buildTime, columns, ratio, recallOf } from "./table.mjs";

const byName = (results, name) => results?.find((result) => result.name === name);
const ownNative = (results) => results.filter(({ name, kind }) => kind === "native" && name.startsWith("ours"));
// The index alone, and the package as a user has it.
const ownWasm = (results) => results.filter(({ kind }) => kind === "wasm" || kind === "package");

/** A claim: ratios are better when larger unless `isMost`. */
function claim(text, goal, value, { ours = "", peer = "", isMost = false, format = ratio } = {}) {
  const isMet = Number.isFinite(value) && (isMost ? value <= goal : value >= goal);
  const missing = Number.isFinite(value) ? (isMet ? "met" : "NOT MET") : "not measured";
  return [text, `${isMost ? "at most" : "at least"} ${format(goal)}`, ours, peer, format(value), missing];
}

const shown = (found, unit = "µs") => (found ? `${Math.round(found.time)} ${unit} at ${recallOf(found.recall)}` : "-");

// Time against time at the recall that ours has.
function faster(text, goal, own, peer, target) {
  const found = own && timeAt(own.settings, target);
  const theirs = found && peer && timeAt(peer.settings, found.recall);
  return claim(text, goal, theirs?.time / found?.time, { ours: shown(found), peer: shown(theirs) });
}

// Our fastest at a recall, whatever its index.
function best(contenders, target) {
  const time = (one) => timeAt(one.settings, target)?.time ?? Infinity;
  return contenders.toSorted((a, b) => time(a) - time(b))[0];
}

// As a user gets it: the automatic choice at the recall it aims for, whatever it then finds.
function byDefault(results) {
  const own = byName(results, "ours, auto")?.settings.find(({ target }) => target === 0.95);
  const peer = byName(results, "hnswlib");
  if (own === undefined || peer === undefined) return [];
  const theirs = timeAt(peer.settings, own.recall);
  const cells = { ours: shown({ time: own.mean, recall: own.recall }), peer: shown(theirs) };
  return [claim("native, default settings, against hnswlib", 1.5, theirs?.time / own.mean, cells)];
}

function native(results) {
  const lines = [];
  for (const target of [0.95, 0.99]) {
    const own = best(ownNative(results), target);
    const at = `native, best index at ${recallOf(target)}`;
    lines.push(faster(`${at}, against hnswlib`, 3, own, byName(results, "hnswlib"), target));
    lines.push(faster(`${at}, against SymphonyQG`, 1, own, byName(results, "rabitq-symqg"), target));
  }
  return [...lines, ...byDefault(results)];
}

function wasmAgainstNative(results) {
  const peer = byName(results, "hnswlib");
  return ownWasm(results).map((own) => faster(`${own.name}, against native hnswlib at .95`, 1, own, peer, 0.95));
}

// Ours is compared with its own slowest wasm, by the clock.
function wasmBuild(results, rows, goal) {
  const own = ownWasm(results).toSorted((a, b) => b.built.build_seconds - a.built.build_seconds)[0];
  if (own === undefined) return [];
  const seconds = (value) => `${value?.toFixed(2) ?? "-"} s`;
  const ours = `${own.name}: ${seconds(own.built.build_seconds)}`;
  const peers = results.filter(({ kind }) => kind === "node");
  const peer = peers.map(({ name, built }) => `${name} ${ratio(built.build_seconds / own.built.build_seconds)}`).join(", ");
  const cells = { ours, peer, isMost: true, format: seconds };
  return [claim(`wasm, build of ${rows.toLocaleString("en-US")}`, goal, own.built.build_seconds, cells)];
}

function nativeBuild(results) {
  const peer = byName(results, "hnswlib");
  return ownNative(results).map((own) => {
    const [ours, time] = [own, peer].map((one) => (one ? `${buildTime(one).toFixed(1)} s` : "-"));
    const theirs = peer?.built.cached ? `${time} in an earlier run` : time;
    const value = peer ? buildTime(peer) / buildTime(own) : NaN;
    return claim(`native build (${own.built.index}), against hnswlib`, 4, value, { ours, peer: theirs });
  });
}

/** The largest loss of recall behind a filter, and the largest time, beside no filter. */
function filtered(result) {
  const pairs = result.filters.filter(({ setting }) => setting !== "none").map((one) => {
    const free = result.filters.find(({ setting, target }) => setting === "none" && target === one.target);
    return { ...one, loss: (free.recall - one.recall) * 100, slower: one.mean / free.mean };
  });
  if (pairs.length === 0) return [];
  const worst = (key) => pairs.toSorted((a, b) => b[key] - a[key])[0];
  const points = (value) => `${value.toFixed(1)} points`;
  const described = (one) => `${one.setting} at ${recallOf(one.target)}`;
  const over = (key, goal) => `worst: ${described(worst(key))}; ${pairs.filter((one) => one[key] > goal).length} of ${pairs.length} over`;
  const loss = { ours: over("loss", 0.5), isMost: true, format: points };
  const time = { ours: over("slower", 2), isMost: true };
  return [
    claim(`${result.name}: recall lost behind a filter`, 0.5, worst("loss").loss, loss),
    claim(`${result.name}: time behind a filter`, 2, worst("slower").slower, time),
  ];
}

// The plain read is the native one: in wasm it is not as fast as it could be.
function bandwidth({ name, bandwidth: found }, results) {
  const read = ownNative(results)[0]?.bandwidth?.read_gb_per_s;
  if (found === undefined) return [];
  const [ours, peer] = [found.scan_gb_per_s, read].map((speed) => `${speed?.toFixed(1) ?? "-"} GB/s`);
  return [claim(`${name}: exact scan, against a plain native read`, 0.7, found.scan_gb_per_s / read, { ours, peer })];
}

function memory(results) {
  const peer = byName(results, "hnswlib")?.built.index_bytes;
  return ownNative(results).flatMap(({ name, built }) => {
    const goals = built.index === "hnsw" ? [0.33, 0.12] : [0.3, 0.1];
    const sizes = [built.code_bytes + built.byte_row_bytes, built.code_bytes];
    return ["with rows of bytes", "codes alone"].map((text, at) => {
      const cells = { ours: `${Math.round(sizes[at])} B`, peer: peer ? `${Math.round(peer)} B` : "-", isMost: true };
      return claim(`${name}: resident ${text}, against hnswlib`, goals[at], sizes[at] / peer, cells);
    });
  });
}

function wasmAgainstWasm(results) {
  const peer = byName(results, "hnswlib-wasm");
  return ownWasm(results).map((own) => faster(`${own.name}, 50,000, against hnswlib-wasm at .959`, 5, own, peer, 0.959));
}

/** The claims of a report, as far as its stages tell. */
export function summary(report) {
  const of = (rows) => report.find((stage) => stage.set === "wordnet" && stage.rows === rows)?.results ?? [];
  const [large, medium, small] = [100_000, 50_000, 10_000].map(of);
  const largest = large.length > 0 ? large : (report[0]?.results ?? []);
  const lines = [
    ...native(largest),
    ...nativeBuild(largest),
    ...memory(largest),
    ...wasmAgainstNative(largest),
    ...wasmAgainstWasm(medium),
    ...wasmBuild(small, 10_000, 1),
    ...wasmBuild(medium, 50_000, 6),
    ...largest.flatMap(filtered),
    ...largest.flatMap((result) => bandwidth(result, largest)),
  ];
  const { set, rows } = report.find(({ results }) => results === largest) ?? report[0];
  const from = `measured on ${set}, ${rows.toLocaleString("en-US")} vectors, unless they say otherwise`;
  const title = `Claims, ${from}; for wasm against native kernels see npm run bench:kernels`;
  return `${title}\n${columns([["claim", "goal", "ours", "peer", "ratio", ""], ...lines])}`;
}
