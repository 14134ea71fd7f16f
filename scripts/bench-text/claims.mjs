// What the project claims of its text search, each with what was measured.
import { ratio, summed, timesOf } from "./figures.mjs";
import { markdown, three, times, understood } from "./tables.mjs";

const KINDS = ["or", "and", "phrase", "prefix", "fuzzy", "common"];
/** How many times as long these take at least. */
const GOALS = { minisearch: 10, orama: 10, lunr: 10, "sqlite-fts5": 3, flexsearch: 1, "flexsearch-forward": 1 };

const line = (claim, goal, found, isMet) => [claim, goal, found, isMet ? "met" : "NOT MET"];

function qualityClaims({ sets }) {
  return sets.flatMap(({ set, results }) =>
    results.filter(({ name }) => name.startsWith("ours, ")).flatMap((own) => {
      const analysis = own.name.slice("ours, ".length);
      const peers = results.filter(({ name }) => name === `tantivy, ${analysis}` || name === `bm25s, ${analysis}`);
      return peers.map((peer) => {
        const isMet = three(own.ndcg) >= three(peer.ndcg) && three(own.recall) >= three(peer.recall);
        const pair = ({ ndcg, recall }) => `${three(ndcg)} / ${three(recall)}`;
        return line(`${set}, ${analysis}: nDCG@10 / recall@100 of ${peer.name.split(",")[0]}`, pair(peer), pair(own), isMet);
      });
    }),
  );
}

function typoClaims({ stage, typos }) {
  return typos.filter(({ name }) => /^(ours|package)/.test(name)).map(({ name, typos }) => {
    const share = understood(typos);
    return line(`${stage.set} ${stage.rows}, ${name}: typos understood`, "98 %", `${share.toFixed(1)} %`, share >= 98);
  });
}

function tokenClaims({ stage, contenders }) {
  const able = contenders.filter(({ name, others }) => /^(ours|package)/.test(name) && others.token);
  return able.map(({ name, others: { token } }) =>
    line(`${stage.set} ${stage.rows}, ${name}: a token of 100 kB`, "50 ms", `${token.ms.toFixed(1)} ms`, token.ms <= 50),
  );
}

// One line for each rival and kind of query.
function speedClaims({ stage, contenders }, goalOf, host) {
  return contenders.filter(({ beside }) => beside).flatMap((peer) => {
    const ours = contenders.find(({ name }) => name === peer.beside);
    if (ours === undefined) return [];
    return KINDS.filter((kind) => timesOf(peer, kind).length > 0 && timesOf(ours, kind).length > 0).map((kind) => {
      const [own, theirs] = [timesOf(ours, kind), timesOf(peer, kind)];
      const [found, goal] = [ratio(own, theirs), goalOf(peer.name)];
      const shown = `${times(found)} (${times(summed(own).p50)} µs, ${times(summed(theirs).p50)} µs)`;
      return line(`${host}, ${stage.set} ${stage.rows}, ${kind}: times as fast as ${peer.name}`, `${goal}`, shown, found >= goal);
    });
  });
}

function indexClaims({ host, stage, contenders }) {
  return contenders.filter(({ name, others }) => name.startsWith("package") && others.bytes).flatMap(({ name, built, others }) => {
    const scale = stage.rows / 20_000;
    const [seconds, bytes] = [built.put_seconds, others.bytes.bytes];
    const where = `${host}, ${name}, ${stage.rows} documents of 80 words`;
    return [
      line(`${where}: put`, `${(1.5 * scale).toFixed(2)} s`, `${seconds.toFixed(2)} s`, seconds <= 1.5 * scale),
      line(`${where}: index`, `${(8 * scale).toFixed(1)} MB`, `${(bytes / 1e6).toFixed(2)} MB`, bytes <= 8e6 * scale),
    ];
  });
}

/** The claims of a report, as far as its parts tell. */
export function claims({ quality, native, hosts }) {
  const lines = [
    ...(quality ? qualityClaims(quality) : []),
    ...[...native, ...hosts].flatMap(typoClaims),
    ...[...native, ...hosts].flatMap(tokenClaims),
    ...native.flatMap((part) => speedClaims(part, () => 1, "native")),
    ...hosts.flatMap((part) => speedClaims(part, (name) => GOALS[name], part.host)),
    ...hosts.flatMap(indexClaims),
  ];
  return markdown([["claim", "goal", "found", ""], ...lines]);
}
