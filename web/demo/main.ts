// The demo page: opens the collection, fills it on the first visit, and searches it while one types.
import { destroy, type Database } from "sanderling";
import { loadDocuments, loadSet, type DataSet, type Example } from "./data.js";
import { answer, inWords, newestOnly, type Wish } from "./query.js";
import { hideProgress, part, showAnswer, showChips, showError, showFacts, showProgress, showStale } from "./view.js";
import { DATABASE, fill, openWords, type WordHit, type Words } from "./words.js";

const input = part("query", HTMLInputElement);
const boxes = [...document.querySelectorAll<HTMLInputElement>("#parts input")];
const newest = newestOnly();

let words: Words | undefined;
let database: Database | undefined;
let examples: readonly Example[] = [];
/** The hit whose neighbours are shown, until something else is asked for. */
let like: WordHit | undefined;
let isLeaving = false;

function currentWish(): Wish {
  if (like) return { kind: "like", id: String(like.id), title: like.document.title ?? String(like.id) };
  const text = input.value.trim();
  if (text === "") return { kind: "nothing" };
  const example = examples.find((candidate) => candidate.text === text);
  return example ? { kind: "example", example } : { kind: "typed", text };
}

/** Shows the answer to what is asked for now, unless something else is asked for before it is there. */
async function search(): Promise<void> {
  const collection = words;
  if (!collection) return;
  const wish = currentWish();
  const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
  showStale(true);
  try {
    const found = await newest((signal) => answer(collection, wish, chosen, signal));
    if (!found) return;
    showAnswer(wish, found, showLike);
    showError(undefined);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  if (!isLeaving) showError(inWords(error));
}

function ask(text: string): void {
  like = undefined;
  input.value = text;
  remember();
  void search();
}

function showLike(hit: WordHit): void {
  like = hit;
  void search().then(toTop);
}

// The button that was pressed is gone with its hit, so the focus goes to the line above the new ones.
function toTop(): void {
  part("summary", HTMLElement).focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

/** Keeps the query in the address, so that a reload and a link show the same. */
function remember(): void {
  const address = new URL(location.href);
  if (input.value === "") address.searchParams.delete("q");
  else address.searchParams.set("q", input.value);
  history.replaceState(undefined, "", address);
}

function listen(): void {
  input.addEventListener("input", () => ask(input.value));
  part("search", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void search();
  });
  for (const box of boxes) box.addEventListener("change", () => void search());
  part("back", HTMLButtonElement).addEventListener("click", () => {
    ask(input.value);
    input.focus();
  });
  part("delete", HTMLButtonElement).addEventListener("click", () => void deleteEverything());
}

async function deleteEverything(): Promise<void> {
  isLeaving = true;
  try {
    await database?.close();
    await destroy(DATABASE);
    location.reload();
  } catch (error) {
    isLeaving = false;
    fail(error);
  }
}

async function start(): Promise<void> {
  listen();
  input.value = new URL(location.href).searchParams.get("q") ?? "";
  const loading = loadSet();
  const begin = performance.now();
  const [opened, set] = await Promise.all([openWords(), loading]);
  ({ database, words } = opened);
  ({ examples } = set);
  const status = await database.status();
  showFacts(status, opened.documents, opened.took);
  showChips(examples.map((example) => example.text), ask);
  await search();
  performance.measure("open to first result", { start: begin });
  if (opened.documents < set.documents) await fillOnce(opened.words, opened.documents, set);
  showFacts(status, await opened.words.count(), opened.took);
  setState(opened.documents < set.documents ? "filled" : "found");
}

/** For whoever waits for the page to be complete: whether it stored the documents, found them, or neither. */
function setState(state: "filled" | "found" | "failed"): void {
  document.documentElement.dataset["state"] = state;
}

async function fillOnce(collection: Words, stored: number, set: DataSet): Promise<void> {
  const show = (count: number): void => showProgress(count, set.documents);
  show(stored);
  try {
    await fill(collection, stored, set.documents, await loadDocuments(), show);
  } finally {
    hideProgress();
  }
  await search();
}

start().catch((error: unknown) => {
  fail(error);
  setState("failed");
});
