// How good rankings are, against what was judged.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** For each query the grades of its right documents. */
export function judgements(folder) {
  const judged = new Map();
  for (const line of readFileSync(join(folder, "judged.tsv"), "utf8").split("\n")) {
    const [query, document, grade] = line.split("\t").map(Number);
    if (!judged.has(query)) judged.set(query, new Map());
    judged.get(query).set(document, grade);
  }
  return judged;
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** Means over all judged queries. */
export function quality(judged, hits) {
  const discount = (rank) => 1 / Math.log2(rank + 2);
  const ndcg = [];
  const recall = [];
  for (const [query, grades] of judged) {
    const gain = (grade, rank) => (grade > 0 ? (2 ** grade - 1) * discount(rank) : 0);
    const found = hits[query].slice(0, 10).map((document, rank) => gain(grades.get(document) ?? 0, rank));
    const best = [...grades.values()].sort((a, b) => b - a).slice(0, 10).map(gain);
    const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
    ndcg.push(sum(found) / sum(best));
    const right = [...grades].filter(([, grade]) => grade > 0).map(([document]) => document);
    recall.push(right.filter((document) => hits[query].slice(0, 100).includes(document)).length / right.length);
  }
  return { ndcg: mean(ndcg), recall: mean(recall) };
}
