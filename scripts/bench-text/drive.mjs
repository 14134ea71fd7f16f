// Builds a text index and does what it is told: the same for the package and for its rivals, in Node and in a page.

/** Every kind of query, with the number that is timed. */
export const KINDS = { or: 200, and: 200, phrase: 200, prefix: 200, fuzzy: 200, common: 50, judged: 0 };

/** Files of a prepared set, by name; a set has judged queries or all others. */
export const FILES = ["texts", ...Object.keys(KINDS)];

/** The kinds of questions that others are asked as. */
const AS = { common: "or", judged: "or" };

/** Milliseconds for a kind in a round: slow engines answer the first queries alone. */
const ROUND_BUDGET = 1_000;
/** The same where it matters what is found. */
const ANSWER_BUDGET = 60_000;
/** Bytes of the token that is nobody's word. */
const TOKEN = 100_000;

const WANTED = 10;
const JUDGED = 100;

const searchOf = (engine, kind) => engine.search[AS[kind] ?? kind];

/** Builds the index; what it is. Pages are not told what the processor did. */
export async function build(engine, texts) {
  const [start, work] = [performance.now(), globalThis.process?.cpuUsage()];
  await engine.build(texts);
  const seconds = (performance.now() - start) / 1e3;
  const done = work && globalThis.process.cpuUsage(work);
  const cpu = done && { build_cpu_seconds: (done.user + done.system) / 1e6 };
  return { engine: engine.version, documents: texts.length, build_seconds: seconds, ...cpu, ...(await engine.told?.()) };
}

async function timed(search, queries) {
  const us = [];
  const end = performance.now() + ROUND_BUDGET;
  for (const query of queries) {
    const start = performance.now();
    if (start > end) break;
    const found = search(query, WANTED);
    // A call that answers at once is not made to wait.
    if (found instanceof Promise) await found;
    us.push(Math.round((performance.now() - start) * 1e5) / 100);
  }
  return us;
}

async function round(engine, queries) {
  const records = [];
  for (const [kind, count] of Object.entries(KINDS)) {
    const search = searchOf(engine, kind);
    if (search === undefined || queries[kind] === undefined || count === 0) continue;
    records.push({ kind: "round", setting: kind, us: await timed(search, queries[kind].slice(0, count)) });
  }
  return records;
}

async function answers(engine, queries, kind) {
  const search = searchOf(engine, kind);
  if (search === undefined || queries[kind] === undefined) return [];
  const hits = [];
  const end = performance.now() + ANSWER_BUDGET;
  for (const query of queries[kind]) {
    if (performance.now() > end) break;
    hits.push(await search(query, kind === "judged" ? JUDGED : WANTED));
  }
  return [{ kind: `answers ${kind}`, hits }];
}

async function token(engine) {
  const start = performance.now();
  const hits = await engine.search.fuzzy("a".repeat(TOKEN), WANTED);
  return [{ kind: "token", ms: performance.now() - start, hits: hits.length }];
}

/** Does a command: `round`, `answers KIND`, `bytes` or `token`. */
export async function obey(engine, queries, command) {
  const [name, kind] = command.split(" ");
  if (name === "answers") return answers(engine, queries, kind);
  if (name === "bytes") return [{ kind: "bytes", bytes: await engine.bytes() }];
  return name === "token" ? token(engine) : round(engine, queries);
}
