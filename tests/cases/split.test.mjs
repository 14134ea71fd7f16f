// splitText of the package: the cases that Rust shares (crates/engine/tests/split), what must hold of every text, and
// what only JavaScript can say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { SanderlingError, splitText } from "sanderling";
import { digest, DIGEST_START, makeCase, makeRandom } from "./split/random.mjs";

const read = (name) => JSON.parse(readFileSync(new URL(`./split/${name}`, import.meta.url), "utf8"));
const { cases } = read("split.json");
const { parts, digests } = read("random.json");

const KINDS = ["recursive", "sentence", "markdown", "tokens"];
const TEXTS = 5_000;
const TEXTS_OF_A_SEED = 100;

// White space as Unicode has it, from the host; JavaScript's \s differs from it.
const isWhite = (text) => /^\p{White_Space}*$/u.test(text);
const length = (text) => [...text].length;

describe("the cases that Rust shares", () => {
  for (const { name, text, options, chunks } of cases) {
    test(name, () => {
      const found = splitText(text, options);
      assert.deepEqual(found.map(({ start, end, ...chunk }) => chunk), chunks);
      for (const { start, end, text: part } of found) assert.equal(text.slice(start, end), part);
    });
  }
});

test("random texts have the chunks that they have in Rust", () => {
  assert.ok(digests.length > 0);
  const found = digests.map((_, seed) => {
    const random = makeRandom(seed);
    let hash = DIGEST_START;
    for (let at = 0; at < TEXTS_OF_A_SEED; at += 1) {
      const { text, options } = makeCase(random, parts);
      hash = digest(hash, splitText(text, options));
    }
    return hash;
  });
  assert.deepEqual(found, digests);
});

// Halves of surrogate pairs beside everything else: only in JavaScript can a text have them.
const LONE = ["\ud83d", "\ude00", "\ud800", "\udfff"];

/** Calls `check` with random texts, their options and chunks. */
function eachRandomText(check) {
  const random = makeRandom(0x5eed);
  for (let at = 0; at < TEXTS; at += 1) {
    const { text, options } = makeCase(random, at % 2 === 0 ? parts : [...parts, ...LONE]);
    const chunks = splitText(text, options);
    try {
      check(text, options, chunks);
    } catch (error) {
      error.message += `\n${JSON.stringify({ text, options, chunks })}`;
      throw error;
    }
  }
}

describe("of every text", () => {
  test("chunks are ranges without white space at their ends, in order, each with something new", () => {
    eachRandomText((text, _, chunks) => {
      chunks.forEach(({ text: part, start, end }, at) => {
        assert.equal(text.slice(start, end), part);
        assert.ok(part !== "" && !isWhite([...part][0]) && !isWhite([...part].at(-1)));
        if (at > 0) assert.ok(start > chunks[at - 1].start && end > chunks[at - 1].end);
      });
    });
  });

  test("all that is not white space is in some chunk", () => {
    eachRandomText((text, _, chunks) => {
      let covered = 0;
      for (const { start, end } of chunks) {
        assert.ok(isWhite(text.slice(covered, start)));
        covered = end;
      }
      assert.ok(isWhite(text.slice(covered)));
    });
  });

  test("no chunk is larger than the size, or repeats more than the overlap", () => {
    eachRandomText((text, { kind, size, overlap }, chunks) => {
      if (kind === "tokens") return;
      chunks.forEach(({ text: part, start }, at) => {
        assert.ok(length(part) <= size);
        if (at > 0) assert.ok(length(text.slice(start, chunks[at - 1].end)) <= overlap);
      });
    });
  });

  test("chunks of tokens have exactly so many", () => {
    eachRandomText((text, { kind, size, overlap }, chunks) => {
      if (kind !== "tokens") return;
      const all = splitText(text, { kind, size: 1 });
      chunks.forEach(({ start, end }, at) => {
        const first = all.findIndex((token) => token.start === start);
        assert.equal(first, at * (size - overlap));
        assert.equal(all[Math.min(all.length, first + size) - 1].end, end);
      });
    });
  });

  test("no surrogate pair is cut", () => {
    eachRandomText((text, _, chunks) => {
      for (const { start, end } of chunks) {
        for (const at of [start, end]) {
          assert.ok(!/^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 1), at + 1)));
        }
      }
    });
  });

  test("no chunk spans two sections", () => {
    eachRandomText((text, { kind }, chunks) => {
      if (kind !== "markdown") return;
      const sections = splitText(text, { kind, size: Number.MAX_SAFE_INTEGER });
      for (const { start, end, heading } of chunks) {
        const section = sections.find((one) => one.end >= end);
        assert.ok(section.start <= start);
        assert.equal(section.heading, heading);
      }
    });
  });
});

test("lone surrogates are the user's: characters like any other", () => {
  const text = "\ud800\udc00\udc00 \ud800";
  assert.deepEqual(splitText(text, { size: 1 }).map((chunk) => chunk.text), ["\ud800\udc00", "\udc00", "\ud800"]);
  assert.deepEqual(splitText(text, { kind: "tokens", size: 1 }).length, 2);
});

test("offsets count UTF-16 units", () => {
  assert.deepEqual(splitText("😀 a😀b", { size: 3 }), [
    { text: "😀", start: 0, end: 2 },
    { text: "a😀b", start: 3, end: 7 },
  ]);
});

test("options that are undefined count as absent", () => {
  const chunks = [{ text: "a", start: 0, end: 1 }];
  assert.deepEqual(splitText("a"), chunks);
  assert.deepEqual(splitText("a", undefined), chunks);
  assert.deepEqual(splitText("a", { kind: undefined, size: undefined, overlap: undefined }), chunks);
  assert.equal(splitText("x ".repeat(600)).length, 2);
  assert.equal(splitText("x ".repeat(512), { kind: "tokens" }).length, 2);
});

describe("what is not allowed is named", () => {
  const refused = (name, call, ...words) =>
    test(name, () => {
      assert.throws(call, (error) => {
        assert.ok(error instanceof SanderlingError && error.code === "invalid", String(error));
        for (const word of words) assert.ok(error.message.includes(word), `${word}: ${error.message}`);
        assert.equal(typeof error.details.expected, "string");
        assert.equal(typeof error.details.found, "string");
        return true;
      });
    });
  for (const text of [undefined, null, 1, ["a"], {}, new String("a")]) {
    refused(`the text ${Object.prototype.toString.call(text)}`, () => splitText(text), "text", "a string");
  }
  for (const size of [0, -1, 1.5, Number.NaN, Infinity, 2 ** 53, "9", null, 5n]) {
    refused(`the size ${typeof size} ${size}`, () => splitText("a", { size }), "size", "a whole number from 1");
  }
  for (const overlap of [-1, 0.5, Number.NaN, "1", null]) {
    const call = () => splitText("a", { overlap });
    refused(`the overlap ${typeof overlap} ${overlap}`, call, "overlap", "a whole number from 0");
  }
  refused("an overlap of the size", () => splitText("a", { size: 5, overlap: 5 }), "below the size of 5", "found 5");
  const ofDefault = () => splitText("a", { kind: "tokens", overlap: 256 });
  refused("an overlap of the default size", ofDefault, "below the size of 256");
  refused("a kind that there is not", () => splitText("a", { kind: "words" }), '"recursive" or "sentence"', '"words"');
  refused("a kind of an object's own names", () => splitText("a", { kind: "constructor" }), '"constructor"');
  refused("an option that there is not", () => splitText("a", { length: 5 }), "kind, size, overlap", '"length"');
  refused("options that are no object", () => splitText("a", 5), "an object", "5");
  refused("options that are null", () => splitText("a", null), "an object", "null");
});

// Far more than any of these takes and far less than what grows with the square of the length. Other processes are not
// counted.
const CPU_SECONDS_MAX = 3;

test("long texts take linear time", () => {
  const marks = ["# a\n", "```\n", "|-\n", "a|\n|-\n", "#"];
  for (const part of ["\n", "x", ". ", "。", "」", "a\u0301", "\u0301", "a ", "1.", "\ud800", ...marks]) {
    for (const kind of KINDS) {
      // The second may make a chunk of each character.
      for (const [long, sizes] of [[1_000_000, {}], [200_000, { size: 50_000, overlap: 49_999 }]]) {
        const text = part.repeat(long / part.length);
        const start = process.cpuUsage();
        splitText(text, { kind, ...sizes });
        const { user, system } = process.cpuUsage(start);
        const took = (user + system) / 1e6;
        assert.ok(took < CPU_SECONDS_MAX, `${JSON.stringify({ part, kind, ...sizes })}: ${took} s`);
      }
    }
  }
});
