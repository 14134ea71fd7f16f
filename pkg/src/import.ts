import type { Signal, Written } from "./api.js";
import { abortable } from "./abort.js";
import { isObject } from "./documents.js";
import { describe, mismatch, SanderlingError } from "./errors.js";
import { checkOptions, isSignal, type OptionRules } from "./options.js";

// Documents from an iterable, or from the lines of a stream, put in batches. What was stored is told after each, so that an
// import that broke off goes on where it was.

export interface ImportOptions {
  readonly signal?: Signal | undefined;
  /** Documents that are put at once, and are stored all or none. Default 500. */
  readonly batchSize?: number | undefined;
  /** Documents of the source to leave out: `read` of the last progress, or of the error's details. Default 0. */
  readonly skip?: number | undefined;
}

export interface ImportProgress {
  /** Documents of the source that are done with, those left out included. */
  readonly read: number;
  /** Documents that this import has stored. */
  readonly stored: number;
}

/** Documents, or bytes or text of lines of JSON. */
export type ImportSource<D> = Iterable<D | string> | AsyncIterable<D | string | ArrayBufferView> | LineStream;

/** The part of a ReadableStream that is used here. */
interface LineStream {
  getReader(): object;
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
  cancel(reason?: unknown): Promise<unknown>;
}

const BATCH_DEFAULT = 500;
const BATCH_MAX = 100_000;
// A document has at most 16 MiB, and JSON may write a character in six.
const LINE_MAX = 6 * 2 ** 24;

const isCount = (from: number, most: number) => (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= most
    ? undefined
    : `a whole number from ${from} to ${most}`;

const RULES: OptionRules = {
  call: "import",
  known: {
    signal: isSignal,
    batchSize: isCount(1, BATCH_MAX),
    skip: isCount(0, Number.MAX_SAFE_INTEGER),
  },
};

/** Puts what a source gives, batch by batch, and tells how far it has come. */
export async function* importAll<D>(
  put: (batch: readonly D[]) => Promise<Written>,
  source: ImportSource<D>,
  options: ImportOptions | undefined,
): AsyncGenerator<ImportProgress, undefined> {
  const { signal, batchSize = BATCH_DEFAULT, skip = 0 } = checkOptions(options, RULES);
  const progress = { read: 0, stored: 0 };
  let batch: D[] = [];
  const store = async (): Promise<ImportProgress> => {
    const documents = batch;
    batch = [];
    if (documents.length > 0) await put(documents);
    progress.read += documents.length;
    progress.stored += documents.length;
    return { ...progress };
  };
  try {
    for await (const document of documentsOf<D>(source, skip, signal)) {
      if (document === SKIPPED) {
        progress.read += 1;
        continue;
      }
      batch.push(document as D);
      if (batch.length === batchSize) yield await store();
    }
    if (batch.length > 0 || progress.stored === 0) yield await store();
  } catch (error) {
    // What came before it is sound; whoever goes on leaves out what is stored.
    if (batch.length > 0) await store().catch(() => undefined);
    throw told(error, progress);
  }
}

/** An error with how far the import has come; one of the source or of a model gets a code. */
function told(error: unknown, progress: ImportProgress): SanderlingError {
  if (error instanceof SanderlingError) return new SanderlingError(error.code, error.message, { ...error.details, ...progress });
  const message = error instanceof Error ? error.message : String(error);
  const failed = new SanderlingError("unavailable", `import: ${message}`, { ...progress });
  Object.defineProperty(failed, "cause", { value: error, configurable: true });
  return failed;
}

/** In the place of a document that is left out: it is not even parsed. */
const SKIPPED: unique symbol = Symbol("skipped");

async function* documentsOf<D>(
  source: unknown,
  skip: number,
  signal: Signal | undefined,
): AsyncGenerator<D | typeof SKIPPED, undefined> {
  const lines = new Lines(skip);
  for await (const item of itemsOf(source, signal)) {
    if (typeof item.value === "string") yield* lines.add(item.isWhole ? `${item.value}\n` : item.value) as Iterable<D>;
    else if (ArrayBuffer.isView(item.value)) yield* lines.add(item.value) as Iterable<D>;
    else if (!isObject(item.value)) throw mismatch("invalid", "import", SOURCES, describe(item.value));
    else yield lines.isSkipped() ? SKIPPED : (item.value as D);
  }
  yield* lines.end() as Iterable<D>;
}

const SOURCES = "documents, or bytes or text of lines of JSON";

interface Item {
  readonly value: unknown;
  /** Whether a text is whole lines: those of an iterable are, those of a stream may break anywhere. */
  readonly isWhole: boolean;
}

type Next = () => Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;

async function* itemsOf(source: unknown, signal: Signal | undefined): AsyncGenerator<Item, undefined> {
  if (typeof source !== "object" || source === null) throw noSource(source);
  // By hand: not every host can iterate its streams.
  if ("getReader" in source && typeof source.getReader === "function") {
    const reader = source.getReader() as Reader;
    yield* each(() => reader.read(), () => reader.cancel(), false, signal);
  } else if (Symbol.asyncIterator in source) {
    const iterator = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    // Text of a stream of Node breaks anywhere.
    const isWhole = (source as { readonly readableObjectMode?: unknown }).readableObjectMode !== false;
    yield* each(() => iterator.next(), async () => iterator.return?.(), isWhole, signal);
  } else if (Symbol.iterator in source) {
    const iterator = (source as Iterable<unknown>)[Symbol.iterator]();
    yield* each(async () => iterator.next(), async () => iterator.return?.(), true, signal);
  } else {
    throw noSource(source);
  }
}

/** Everything that `next` gives; a source that is left before its end is told so. */
async function* each(
  next: Next,
  leave: () => Promise<unknown>,
  isWhole: boolean,
  signal: Signal | undefined,
): AsyncGenerator<Item, undefined> {
  let isEnded = false;
  try {
    for (;;) {
      const { done, value } = await abortable(signal, next);
      if (done === true) {
        isEnded = true;
        return;
      }
      yield { value, isWhole };
    }
  } finally {
    // Nobody waits for it: a source that hangs would hang the import too.
    if (!isEnded) void leave().catch(() => undefined);
  }
}

const noSource = (found: unknown): SanderlingError =>
  mismatch("invalid", "import", "an iterable of documents or a stream of lines of JSON", describe(found));

/** Lines of JSON from bytes or text that break anywhere. */
class Lines {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The line that has begun: pieces, since a long one comes in many. */
  #pieces: string[] = [];
  #length = 0;
  #line = 0;
  #left: number;

  /** So many documents are left out. */
  constructor(skip: number) {
    this.#left = skip;
  }

  /** Whether the next document is one of those that are left out. */
  isSkipped(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }

  *add(chunk: string | ArrayBufferView): Generator<unknown, undefined> {
    const [first = "", ...others] = (typeof chunk === "string" ? chunk : this.#decode(chunk)).split("\n");
    this.#pieces.push(first);
    this.#length += first.length;
    if (this.#length > LINE_MAX) {
      throw mismatch("invalid", `import: line ${this.#line + 1}`, `at most ${LINE_MAX} characters`, "more");
    }
    for (const next of others) {
      const line = this.#pieces.join("");
      this.#pieces = [next];
      this.#length = next.length;
      yield* this.#read(line);
    }
  }

  *end(): Generator<unknown, undefined> {
    this.#pieces.push(this.#decode());
    yield* this.#read(this.#pieces.join(""));
  }

  #decode(chunk?: ArrayBufferView): string {
    try {
      return chunk === undefined ? this.#decoder.decode() : this.#decoder.decode(chunk as Uint8Array<ArrayBuffer>, { stream: true });
    } catch {
      throw mismatch("invalid", `import: line ${this.#line + 1}`, "UTF-8", "other bytes");
    }
  }

  *#read(line: string): Generator<unknown, undefined> {
    this.#line += 1;
    if (line.trim() === "") return;
    if (this.isSkipped()) return yield SKIPPED;
    let document: unknown;
    try {
      document = JSON.parse(line);
    } catch (error) {
      throw new SanderlingError("invalid", `import: line ${this.#line}: ${(error as Error).message}`, { line: this.#line });
    }
    if (!isObject(document)) throw mismatch("invalid", `import: line ${this.#line}`, "a document", describe(document));
    yield document;
  }
}
