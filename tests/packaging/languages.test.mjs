// Languages of the packed tarball: loaded when a collection needs them and not before, found again after a restart, and
// named when they cannot be loaded.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { serve } from "../../scripts/demo.mjs";
import { LANGUAGES } from "../../scripts/languages.mjs";
import { IMPORT_MAP, inWorkerd, launchChromium, page } from "./hosts.mjs";
import { project, resultOf } from "./project.mjs";

const app = fileURLToPath(new URL("./languages/", import.meta.url));
const folder = project("languages", { app, page: page("data:text/javascript,", IMPORT_MAP) });
const dist = join(folder, "node_modules", "sanderling", "dist");
const decoder = new TextDecoder();
let browser;

before(async () => {
  browser = await launchChromium();
});
after(() => browser?.close());

/** Numbers that look random, the same in each run. */
function numbers() {
  let state = 1;
  return (limit) => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % 65_536 % limit;
}

test("each language is a small file that imports nothing and stems whatever comes", async () => {
  const files = readdirSync(dist).filter((name) => name.startsWith("language."));
  assert.deepEqual(files, LANGUAGES.map((name) => `language.${name}.wasm`).sort());
  assert.equal(files.length, 19);
  const below = numbers();
  for (const name of LANGUAGES) {
    const bytes = readFileSync(join(dist, `language.${name}.wasm`));
    const { exports } = (await WebAssembly.instantiate(bytes)).instance;
    const list = decoder.decode(new Uint8Array(exports.memory.buffer, exports.stop_words(), exports.stop_words_length()));
    const letters = [...new Set(list.replaceAll(" ", ""))];
    const buffer = new Uint8Array(exports.memory.buffer, exports.buffer(), 510);
    const stem = (word) => {
      const { written } = new TextEncoder().encodeInto(word, buffer);
      return decoder.decode(buffer.slice(0, exports[name](written)));
    };
    for (let round = 0; round < 3_000; round += 1) {
      // Now and then as long as a word may be.
      const bytes = round % 10 === 0 ? 255 : 1 + below(40);
      let word = "";
      while (Buffer.byteLength(word) < bytes - 3) word += letters[below(letters.length)];
      const once = stem(word);
      assert.equal(stem(word), once, `${name}: ${word} is remembered wrongly`);
    }
    assert.equal(exports.memory.buffer.byteLength, buffer.buffer.byteLength, "the memory has grown");
  }
});

test("Node finds what another process wrote", () => {
  assert.deepEqual(resultOf(folder, "node", ["main.js", "write"]), [1]);
  assert.deepEqual(resultOf(folder, "node", ["main.js", "read"]), [1]);
});

test("workerd says what to import, and takes it at the next opening", async () => {
  const { missing, english, mixedUp, given, later } = await inWorkerd(folder);
  assert.deepEqual([missing.code, missing.details.language], ["unsupported", "german"]);
  assert.ok(missing.message.includes('import german from "sanderling/languages/german.wasm"'), missing.message);
  assert.equal(english, 1);
  assert.deepEqual([mixedUp.code, mixedUp.details.language], ["invalid", "german"]);
  assert.deepEqual([given, later], [1, 1]);
});

/** What the page does: opens a database in OPFS, and there a collection of each name. */
async function inPage({ languages, write }) {
  const { open } = await import("sanderling");
  const db = await open("languages", { storage: "opfs" });
  const attempt = async (language) => {
    try {
      const schema = { fields: { text: { type: "text", language } } };
      const collection = await db.collection(language, write ? schema : undefined);
      if (write) await collection.put({ id: 1, text: "shores Häuser" });
      return (await collection.search("haus shore")).total;
    } catch ({ code, message, details }) {
      return { code, message, details };
    }
  };
  const found = [];
  for (const language of languages) found.push(await attempt(language));
  await db.close();
  return found;
}

test("Chromium fetches a language when it is needed, says so when it cannot, and can later", async () => {
  const { server, url } = await serve(folder, 0, {});
  const context = await browser.newContext();
  const fetched = [];
  let blocked = false;
  await context.route(/language/, (route) => {
    fetched.push(new URL(route.request().url()).pathname.split("/").at(-1));
    return blocked ? route.fulfill({ status: 404 }) : route.continue();
  });
  const visit = async () => {
    const tab = await context.newPage();
    await tab.goto(url);
    return (options) => tab.evaluate(inPage, options);
  };
  try {
    const first = await visit();
    assert.deepEqual(await first({ languages: ["english"], write: true }), [1]);
    assert.deepEqual(fetched, []);
    assert.deepEqual(await first({ languages: ["german"], write: true }), [1]);
    assert.deepEqual(fetched, ["language.german.wasm"]);

    blocked = true;
    const second = await visit();
    const [english, german] = await second({ languages: ["english", "german"] });
    assert.equal(english, 1);
    assert.deepEqual([german.code, german.details.language], ["unavailable", "german"]);
    assert.ok(german.details.href.endsWith("language.german.wasm") && german.message.includes(german.details.href));
    assert.ok(fetched.includes("inline-languages.js"), "the copy was tried too");

    blocked = false;
    assert.deepEqual(await second({ languages: ["german", "english"] }), [1, 1]);
  } finally {
    await context.close();
    server.close();
    server.closeAllConnections();
  }
});
