// Writes a set where every contender can read it, as plain lines under target/bench: `texts.txt` has a document a line, the
// other files a query a line. Everything is drawn with a fixed seed.
import { at, Explained } from "../workspace.mjs";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** Queries of each kind, typos aside. */
const QUERIES = 200;
const COMMON = 50;
const TYPOS = 1_000;
/** Words of a made document. */
const LONG = 80;
/** A change of what is written asks for new files. */
const EDITION = "2";

// Lucene's list: words that nobody types into a search.
const STOP = new Set(
  ("a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was " +
    "will with").split(" "),
);

// mulberry32
function randomly(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return (count) => next() % count;
}

const onOneLine = (text) => text.replace(/\s+/g, " ").trim();

function stored(data, set) {
  const folder = join(data, set);
  if (!existsSync(folder)) throw new Explained(`no data in ${folder}: name its folder with --data`);
  const lines = gunzipSync(readFileSync(join(folder, "texts.jsonl.gz"))).toString("utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

// Definitions one after the other, cut at so many words.
function long(definitions, count) {
  const random = randomly(1);
  return Array.from({ length: count }, () => {
    const words = [];
    while (words.length < LONG) words.push(...definitions[random(definitions.length)].split(" "));
    return words.slice(0, LONG).join(" ");
  });
}

function textsOf({ set, rows }, data) {
  if (set === "long") return long(stored(data, "wordnet").map(({ text }) => onOneLine(text)), rows);
  return stored(data, set).slice(0, rows).map(({ title, text }) => onOneLine(`${title} ${text}`));
}

// Words that every analysis sees as one: small letters between blanks, and what ends a sentence after them.
const bare = (word) => word.replace(/[,;:.()]+$/, "").replace(/^[()]+/, "");
const isPlain = (word) => /^[a-z]{3,}$/.test(word);
const plainWords = (text) => text.split(" ").map(bare).filter(isPlain);
const meaningful = (text) => [...new Set(plainWords(text))].filter((word) => !STOP.has(word));

/** So many results of a task that may fail. */
function drawn(count, task) {
  const found = [];
  while (found.length < count) {
    const one = task(found.length);
    if (one !== undefined) found.push(one);
  }
  return found;
}

// Words of one document, in no order.
function wordsOf(texts, random, count) {
  const words = meaningful(texts[random(texts.length)]);
  if (words.length < count) return undefined;
  return drawn(count, () => words.splice(random(words.length), 1)[0]);
}

// Neighbours, stop words and all.
function phrase(texts, random, count) {
  const words = texts[random(texts.length)].split(" ");
  const found = words.slice(random(words.length)).slice(0, count);
  return found.length === count && found.every((word) => /^[a-z]{2,}$/.test(word)) ? found.join(" ") : undefined;
}

// Three to five letters of a longer word, every second time after a whole word.
function beginning(texts, random, at) {
  const words = wordsOf(texts, random, 2);
  if (words === undefined || words[1].length < 6) return undefined;
  const begun = words[1].slice(0, 3 + random(3));
  return at % 2 === 0 ? begun : `${words[0]} ${begun}`;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

// A swap, a letter left out, doubled or replaced, in turns and anywhere.
function mistyped(word, random, at) {
  const place = random(word.length);
  const [before, letter, after] = [word.slice(0, place), word[place], word.slice(place + 1)];
  switch (at % 4) {
    case 0:
      return after === "" ? word : before + after[0] + letter + after.slice(1);
    case 1:
      return before + after;
    case 2:
      return before + letter + letter + after;
    default:
      return before + LETTERS[random(26)] + after;
  }
}

// Where the typo is a word of the texts itself, or too short to be corrected, nobody can know what was meant.
function typo(texts, known, random, at) {
  const words = plainWords(texts[random(texts.length)]).filter((word) => word.length >= 5);
  if (words.length === 0) return undefined;
  const meant = words[random(words.length)];
  const typed = mistyped(meant, random, at);
  return typed.length < 5 || known.has(typed) ? undefined : { typed, meant };
}

function mostCommon(texts, count) {
  const counts = new Map();
  for (const text of texts) for (const word of plainWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const order = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return order.slice(0, count).map(([word]) => word);
}

/** The words of a text in small letters. */
export const wordsIn = (text) => text.toLowerCase().match(/[a-z]+/g) ?? [];

/** All words of texts. */
export function vocabulary(texts) {
  const known = new Set();
  for (const text of texts) for (const word of wordsIn(text)) known.add(word);
  return known;
}

function made(texts) {
  const random = randomly(2);
  const [known, common] = [vocabulary(texts), mostCommon(texts, 100)];
  const some = (at) => 2 + (at % 3);
  const words = () => drawn(QUERIES, (at) => wordsOf(texts, random, some(at))?.join(" "));
  const typos = drawn(TYPOS, (at) => typo(texts, known, random, at));
  return {
    or: words(),
    and: words(),
    phrase: drawn(QUERIES, (at) => phrase(texts, random, 2 + (at % 2))),
    prefix: drawn(QUERIES, (at) => beginning(texts, random, at)),
    fuzzy: typos.map(({ typed }) => typed),
    meant: typos.map(({ meant }) => meant),
    common: drawn(COMMON, (at) => drawn(some(at), () => common[random(common.length)]).join(" ")),
  };
}

// What has a meaning to a query language is left out: everybody gets the words.
const asWords = (text) => onOneLine(text.replace(/"/g, " ").replace(/(^|\s)-+/g, " "));

function judged(data, set) {
  const lines = readFileSync(join(data, set, "queries.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => asWords(JSON.parse(line).text));
}

/** Prepares a set unless an earlier run did, and returns its folder. */
export function prepare(stage, data) {
  const folder = at("target", "bench", "text", `${stage.set}-${stage.rows}${stage.isJudged ? "-judged" : ""}`);
  const stamp = join(folder, "edition");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === EDITION) return folder;
  console.error(`preparing ${stage.set}, ${stage.rows} documents`);
  const texts = textsOf(stage, data);
  const files = { texts, ...(stage.isJudged ? { judged: judged(data, stage.set) } : made(texts)) };
  mkdirSync(folder, { recursive: true });
  for (const [name, lines] of Object.entries(files)) writeFileSync(join(folder, `${name}.txt`), `${lines.join("\n")}\n`);
  writeFileSync(stamp, EDITION);
  return folder;
}

/** The lines of a prepared file. */
export const linesOf = (folder, name) => readFileSync(join(folder, `${name}.txt`), "utf8").trimEnd().split("\n");

/** What judges said: for each query the grades by document. */
export function judgements(data, set) {
  const grades = new Map();
  for (const line of readFileSync(join(data, set, "qrels.tsv"), "utf8").trim().split("\n").slice(1)) {
    const [query, document, grade] = line.split("\t").map(Number);
    if (!grades.has(query)) grades.set(query, new Map());
    grades.get(query).set(document, grade);
  }
  return grades;
}
