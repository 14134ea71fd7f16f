// What languages cost: how long documents take to be put into a field with each, from the package as it was built. `npm run
// bench:languages`, with `-- --documents 20000 --words 80 --rounds 3 --languages none,english,german`.
import { parseArgs } from "node:util";
import { at, isMain, main } from "./workspace.mjs";

const BATCH = 1_000;
const VOCABULARY = 50_000;
const PARTS = (
  "ver be ge haus lauf schiff well strand vog flieg sing wander frei mög klein größ lich keit heit ung en er es ern isch " +
  "bar sam los wasser berg tal ein aus an auf"
).split(" ");
const ENDINGS = ["", "e", "en", "er", "es", "ungen"];

/** Numbers from 0 to 1 that look random, the same in each run. */
function numbers() {
  let state = 1;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Documents of words that look German, some of them far more frequent than others, as in texts. */
function documents(count, words) {
  const random = numbers();
  const one = (list) => list[Math.floor(random() * list.length)];
  const stem = () => Array.from({ length: 1 + Math.floor(random() * 3.5) }, () => one(PARTS)).join("");
  const vocabulary = Array.from({ length: VOCABULARY }, () => stem() + one(ENDINGS));
  const word = () => vocabulary[Math.floor(Math.exp(random() * Math.log(VOCABULARY))) - 1];
  return Array.from({ length: count }, (_, id) => ({ id, text: Array.from({ length: words }, word).join(" ") }));
}

/** Milliseconds of processor time for all puts. */
async function putAll(open, language, all) {
  const db = await open(`bench-${language}`);
  const schema = { fields: { text: { type: "text", language } } };
  const collection = await db.collection("c", schema, { sealAt: 2 * all.length });
  const start = process.cpuUsage();
  for (let first = 0; first < all.length; first += BATCH) await collection.put(all.slice(first, first + BATCH));
  const { user, system } = process.cpuUsage(start);
  await db.close();
  return (user + system) / 1_000;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const text = (value) => ({ type: "string", default: value });
    const options = { documents: text("20000"), words: text("80"), rounds: text("3"), languages: text("none,english,german") };
    const { values } = parseArgs({ options });
    const { open } = await import(at("pkg", "dist", "node.js"));
    const all = documents(Number(values.documents), Number(values.words));
    const names = values.languages.split(",");
    const best = new Map();
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const name of names) best.set(name, Math.min(best.get(name) ?? Infinity, await putAll(open, name, all)));
    }
    for (const [name, ms] of best) console.log(`${name.padEnd(12)} ${ms.toFixed(0).padStart(7)} ms`);
  });
}
