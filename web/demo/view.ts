// Everything that touches the page's elements. Text reaches them as text, never as markup.
import type { DatabaseStatus } from "sanderling";
import type { Answer, Wish } from "./query.js";
import type { PartOfSpeech, WordHit } from "./words.js";

const PART_NAMES: Readonly<Record<PartOfSpeech, string>> = {
  n: "noun",
  v: "verb",
  a: "adjective",
  s: "adjective",
  r: "adverb",
};

/** The page's element of this id, as the class it is known to have. */
export function part<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} named ${id}`);
  return found;
}

const whole = (value: number): string => value.toLocaleString("en");
const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : whole(Math.round(value))} ms`;
const counted = (count: number): string => `${whole(count)} ${count === 1 ? "definition" : "definitions"}`;

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const made = element("button", "", text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

export function showChips(texts: readonly string[], onChoose: (text: string) => void): void {
  const chips = texts.map((text) => element("li", "", button(text, () => onChoose(text))));
  part("chips", HTMLUListElement).replaceChildren(...chips);
  part("examples", HTMLElement).hidden = false;
}

export function showProgress(stored: number, total: number): void {
  part("loading", HTMLElement).hidden = false;
  const bar = part("progress", HTMLProgressElement);
  bar.max = total;
  bar.value = stored;
  part("loading-text", HTMLElement).textContent = `First visit: storing ${whole(stored)} of ${counted(total)}`;
}

export function hideProgress(): void {
  part("loading", HTMLElement).hidden = true;
}

export function showError(text: string | undefined): void {
  const place = part("error", HTMLElement);
  place.hidden = text === undefined;
  place.textContent = text ?? "";
}

export function showFacts(status: DatabaseStatus, documents: number, took: number): void {
  const facts: [string, string][] = [
    ["documents", whole(documents)],
    ["opened in", milliseconds(took)],
    ["storage", status.storage],
    ["durability", status.durability],
    ["SIMD", status.simd],
    ["engine", `${status.version}, ${status.worker ? "in a worker" : "in the page"}`],
  ];
  if (status.reason !== undefined) facts.push(["because", status.reason]);
  const items = facts.map(([name, value]) => element("div", "", element("dt", "", name), element("dd", "", value)));
  part("facts", HTMLElement).replaceChildren(...items);
}

/** Marks what is only an old answer while a new one is on its way, or has failed. */
export function showStale(isStale: boolean): void {
  part("hits", HTMLOListElement).classList.toggle("stale", isStale);
}

function summary(wish: Wish, { hits, total, took }: Answer): string {
  if (wish.kind === "nothing") return "";
  const time = `in ${milliseconds(took)}`;
  if (wish.kind === "like") return `Nearest in meaning to “${wish.title}”, ${time}`;
  if (total === 0) return `Nothing matches, ${time}`;
  const shown = hits.length < total ? `The best ${hits.length} of ${counted(total)}` : counted(total);
  return wish.kind === "example" ? `${shown}, by words and meaning, ${time}` : `${shown}, ${time}`;
}

export function showAnswer(wish: Wish, answer: Answer, onLike: (hit: WordHit) => void): void {
  const hits = answer.hits.map((hit) => hitItem(hit, remark(wish, hit), () => onLike(hit)));
  part("summary", HTMLElement).textContent = summary(wish, answer);
  part("back", HTMLButtonElement).hidden = wish.kind !== "like";
  const list = part("hits", HTMLOListElement);
  list.replaceChildren(...hits);
  // For whoever has to know which query these hits answer.
  list.dataset["answers"] = wish.kind === "typed" ? wish.text : wish.kind;
  showStale(false);
}

/** What is special about a hit: it is the one looked for, or the one whose likes are looked for. */
function remark(wish: Wish, hit: WordHit): string | undefined {
  if (wish.kind === "example" && hit.id === wish.example.answer) return "the word meant";
  return wish.kind === "like" && hit.id === wish.id ? "this one itself" : undefined;
}

function hitItem(hit: WordHit, remark: string | undefined, onLike: () => void): HTMLLIElement {
  const { title, text, pos, lexname } = hit.document;
  // lexname is the part of speech, a dot and the topic: noun.animal. "all" and "Tops" are no topics.
  const topic = lexname?.split(".")[1];
  const hasTopic = topic !== undefined && topic !== "all" && topic !== "Tops";
  const kind = [PART_NAMES[pos as PartOfSpeech], ...(hasTopic ? [topic] : [])];
  const heading = element("h3", "", title ?? String(hit.id));
  const head = element("div", "head", heading, element("span", "kind", kind.join(" · ")));
  if (remark !== undefined) head.append(element("span", "remark", remark));
  const like = button("More like this", onLike);
  like.setAttribute("aria-label", `More like ${title ?? hit.id}`);
  const marks = element("div", "marks", element("span", "score", `score ${hit.score.toFixed(4)}`), ...badges(hit), like);
  return element("li", "", head, element("p", "", text ?? ""), marks);
}

/** Which leg found the hit, at which rank, and how well. */
function badges({ text, vector }: WordHit): HTMLElement[] {
  const found: HTMLElement[] = [];
  if (text) found.push(badge("text", text.rank, "BM25", text.score.toFixed(2)));
  if (vector) found.push(badge("vector", vector.rank, "similarity", vector.similarity.toFixed(3)));
  return found;
}

const badge = (leg: "text" | "vector", rank: number, measure: string, value: string): HTMLElement =>
  element("span", `badge ${leg}`, element("b", "", `${leg} #${rank}`), ` ${measure} ${value}`);
