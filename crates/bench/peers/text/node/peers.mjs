// Rivals in JavaScript, each over texts whose place in the list is their id. A rival has `build(texts)`, `bytes()` of the
// index as it would be stored, and a search for each kind of query that it can answer: the ids of its best hits.
// Runs in Node beside its packages and, bundled, in a page. What is not said here is the default.
import { create, insertMultiple, save, search as oramaSearch } from "@orama/orama";
import { default as sqliteModule } from "@sqlite.org/sqlite-wasm";
import { Index } from "flexsearch";
import lunr from "lunr";
import MiniSearch from "minisearch";

const bytesOf = (text) => new TextEncoder().encode(text).length;

/** The typos that a word may have, by its length: ours, told to everybody who can be told. */
const edits = ({ length }) => (length < 5 ? 0 : length <= 8 ? 1 : 2);

const wordsOf = (text) => text.match(/[\p{L}\p{N}]+/gu) ?? [];

/** The words before the last one, and the last one. */
function lastApart(text) {
  const words = wordsOf(text);
  return [words.slice(0, -1), words.at(-1)];
}

function minisearch() {
  const index = new MiniSearch({ fields: ["text"] });
  const ask = (options) => (text, limit) => index.search(text, options).slice(0, limit).map(({ id }) => id);
  return {
    version: "7.2.0",
    build: (texts) => index.addAll(texts.map((text, id) => ({ id, text }))),
    bytes: () => bytesOf(JSON.stringify(index)),
    search: {
      or: ask({}),
      and: ask({ combineWith: "AND" }),
      prefix: ask({ prefix: (_, at, terms) => at === terms.length - 1 }),
      fuzzy: ask({ fuzzy: edits }),
    },
  };
}

async function orama() {
  const index = create({ schema: { text: "string" } });
  const ask = (options) => async (term, limit) => {
    const { hits } = await oramaSearch(index, { term, limit, ...options(term) });
    return hits.map(({ id }) => Number(id));
  };
  return {
    version: "3.1.18",
    build: (texts) => insertMultiple(index, texts.map((text, id) => ({ id: String(id), text })), texts.length),
    bytes: () => bytesOf(JSON.stringify(save(index))),
    // Each word matches what it begins, whatever is asked.
    search: {
      or: ask(() => ({})),
      and: ask(() => ({ threshold: 0 })),
      prefix: ask(() => ({})),
      fuzzy: ask((term) => ({ tolerance: edits(term) })),
    },
  };
}

function lunrIndex() {
  let index;
  const ask = (fill) => (text, limit) =>
    index.query((query) => fill(query, text)).slice(0, limit).map(({ ref }) => Number(ref));
  return {
    version: "2.3.9",
    build(texts) {
      index = lunr(function () {
        this.ref("id");
        this.field("text");
        texts.forEach((text, id) => this.add({ id, text }));
      });
    },
    bytes: () => bytesOf(JSON.stringify(index)),
    search: {
      or: ask((query, text) => query.term(lunr.tokenizer(text))),
      and: ask((query, text) => query.term(lunr.tokenizer(text), { presence: lunr.Query.presence.REQUIRED })),
      prefix: ask((query, text) => {
        const [words, last] = lastApart(text);
        if (words.length > 0) query.term(words);
        query.term(last, { wildcard: lunr.Query.wildcard.TRAILING, usePipeline: false });
      }),
      fuzzy: ask((query, text) => query.term(text, { editDistance: edits(text) })),
    },
  };
}

// `or` is its way to answer with what not all words are in; `forward` keeps every beginning of every word.
const flexsearch = (tokenize) => () => {
  const index = new Index({ tokenize });
  const ask = (options) => (text, limit) => index.search(text, { limit, ...options });
  const or = ask({ suggest: true });
  return {
    version: "0.8.212",
    build: (texts) => texts.forEach((text, id) => index.add(id, text)),
    async bytes() {
      let bytes = 0;
      await index.export((_, data) => void (bytes += bytesOf(data ?? "")));
      return bytes;
    },
    search: { or, and: ask({}), ...(tokenize === "forward" ? { prefix: or } : {}) },
  };
};

async function sqlite() {
  const library = await sqliteModule({ print() {}, printErr() {} });
  const db = new library.oo1.DB(":memory:");
  db.exec("CREATE VIRTUAL TABLE texts USING fts5(text, content='', tokenize='porter unicode61')");
  const statement = db.prepare("SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?");
  const ask = (written) => (text, limit) => {
    const found = [];
    statement.bind([written(text), limit]);
    while (statement.step()) found.push(statement.getInt(0));
    statement.reset();
    return found;
  };
  const quoted = (words) => words.map((word) => `"${word}"`);
  return {
    version: library.version.libVersion,
    build(texts) {
      const insert = db.prepare("INSERT INTO texts(rowid, text) VALUES (?, ?)");
      db.exec("BEGIN");
      texts.forEach((text, id) => insert.bind([id, text]).stepReset());
      db.exec("COMMIT");
      insert.finalize();
      db.exec("INSERT INTO texts(texts) VALUES ('optimize')");
    },
    bytes: () => library.capi.sqlite3_js_db_export(db).length,
    search: {
      or: ask((text) => quoted(wordsOf(text)).join(" OR ")),
      and: ask((text) => quoted(wordsOf(text)).join(" ")),
      phrase: ask((text) => `"${text}"`),
      prefix: ask((text) => {
        const [words, last] = lastApart(text);
        return [...quoted(words), `"${last}"*`].join(" OR ");
      }),
    },
  };
}

/** Every rival by its name. */
export const PEERS = {
  minisearch,
  orama,
  lunr: lunrIndex,
  flexsearch: flexsearch("strict"),
  "flexsearch-forward": flexsearch("forward"),
  "sqlite-fts5": sqlite,
};

/** Lunr's stemmer, Porter's, to see whether two words are forms of one. */
export const stemOf = (word) => lunr.stemmer(new lunr.Token(word)).toString();
