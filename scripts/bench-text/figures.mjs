// What is computed from what contenders say.
import { middle } from "../bench/contender.mjs";
import { vocabulary, wordsIn } from "./prepare.mjs";

const at = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** The time of each query of a kind: the middle one of its rounds. Slow engines do not answer all. */
export function timesOf(contender, kind) {
  const rounds = contender.settings.get(kind)?.rounds;
  if (rounds === undefined) return [];
  const count = Math.min(...rounds.map(({ length }) => length));
  return Array.from({ length: count }, (_, query) => middle(rounds.map((round) => round[query])));
}

/** The median and the 95th percentile. */
export const summed = (times) => ({ p50: at(times, 0.5), p95: at(times, 0.95), count: times.length });

/** How many times as long the other takes, by the medians over the queries that both answered. */
export function ratio(ours, theirs) {
  const count = Math.min(ours.length, theirs.length);
  return count === 0 ? NaN : at(theirs.slice(0, count), 0.5) / at(ours.slice(0, count), 0.5);
}

/** nDCG@10 and recall@100 of hits, against the grades of each query; slow engines did not answer all. */
export function quality(hits, grades) {
  let [ndcg, recall] = [0, 0];
  const answered = [...grades].filter(([query]) => hits[query] !== undefined);
  for (const [query, wanted] of answered) {
    const gains = (list) => list.reduce((sum, grade, place) => sum + grade / Math.log2(place + 2), 0);
    const best = gains([...wanted.values()].sort((a, b) => b - a).slice(0, 10));
    ndcg += gains(hits[query].slice(0, 10).map((id) => wanted.get(id) ?? 0)) / best;
    recall += hits[query].slice(0, 100).filter((id) => wanted.has(id)).length / wanted.size;
  }
  return { ndcg: ndcg / answered.length, recall: recall / answered.length, answered: answered.length, of: grades.size };
}

/** Of the hits of one the share that the other has too, and the share of queries with equal totals, where it counts. */
export function agreement(ours, theirs) {
  const shared = theirs.hits.map((hits, query) => hits.filter((id) => ours.hits[query].includes(id)).length);
  const sum = (values) => values.reduce((total, one) => total + one, 0);
  const isEqual = (theirs.totals ?? []).map((total, query) => total === ours.totals[query]);
  return { hits: sum(shared) / sum(theirs.hits.map(({ length }) => length)), totals: sum(isEqual.map(Number)) / isEqual.length };
}

/** Kinds of typos in the order in which they were made. */
export const TYPOS = ["swapped", "left out", "doubled", "replaced"];

/** A judge of typos, who knows which words are forms of one by their stems. */
export function typoJudge({ texts, meant, typed }, stemOf) {
  const stems = new Map();
  const stem = (word) => {
    if (!stems.has(word)) stems.set(word, stemOf(word));
    return stems.get(word);
  };
  const known = new Set([...vocabulary(texts)].map(stem));
  const holds = (id, word) => wordsIn(texts[id]).some((one) => one === word || stem(one) === stem(word));
  /** The kind of a typo, whether its stem is nobody's, and whether a document with the intended word was found. */
  return (hits) =>
    hits.map((ids, query) => ({
      kind: TYPOS[query % TYPOS.length],
      isClear: stem(typed[query]) === stem(meant[query]) || !known.has(stem(typed[query])),
      isFound: ids.some((id) => holds(id, meant[query])),
    }));
}
