import { aborted } from "./abort.js";
import type { Signal } from "./api.js";
import { encodeId, encodePatch } from "./documents.js";
import { modelsOf, withVectors, type EmbeddersByField } from "./embedders.js";
import { SanderlingError, toSanderlingError } from "./errors.js";
import type { FieldTable } from "./field-table.js";
import type { Handle, Host } from "./host.js";
import { encodeQuery } from "./query.js";
import type { Id } from "./schema.js";

// All vectors made anew by other models. An update makes a document the newest, so those that are still to be done are always the
// oldest, and the collection keeps the number of the write from which on all is done: a run that broke off goes on there.

export interface ReembedOptions {
  readonly signal?: Signal | undefined;
  readonly timeout?: number | undefined;
  /** Documents that are done at once. Default 100. */
  readonly batchSize?: number | undefined;
  /** Told after each batch. */
  readonly onProgress?: ((progress: ReembedProgress) => void) | undefined;
}

export interface ReembedProgress {
  /** Documents that this run has done. */
  readonly documents: number;
}

interface Old {
  readonly id: Id;
  readonly version: number;
  readonly document: Record<string, unknown>;
}

interface Settings {
  readonly remaking?: { readonly since: number };
}

const BATCH_DEFAULT = 100;

/** Makes the vectors of all documents anew. */
export async function reembedAll(
  host: Host,
  collection: Handle,
  fields: () => FieldTable,
  embedders: EmbeddersByField,
  begun: () => void,
  { signal, batchSize = BATCH_DEFAULT, onProgress, timeout = Infinity }: ReembedOptions,
): Promise<ReembedProgress> {
  const end = performance.now() + timeout;
  const models = modelsOf(embedders);
  const change = (asked: object): Promise<string> => host.settings(collection, JSON.stringify(asked));
  const { remaking } = JSON.parse(await change({ remake: models })) as Settings;
  begun();
  const since = remaking?.since ?? 0;
  const progress = { documents: 0 };
  for (;;) {
    const old = (await oldest(host, collection, batchSize)).filter(({ version }) => version < since);
    if (old.length === 0) break;
    // Whoever called was told that it took too long.
    if (performance.now() > end) throw new SanderlingError("timeout", "reembed: its time was over");
    if (signal?.aborted) throw aborted(signal);
    await remake(host, collection, fields(), old, embedders, signal);
    progress.documents += old.length;
    onProgress?.({ ...progress });
  }
  await change({ remade: models });
  return progress;
}

/** The documents that were written longest ago. */
async function oldest(host: Host, collection: Handle, limit: number): Promise<Old[]> {
  const [answer] = await host.search(collection, [encodeQuery({ limit })]);
  return (JSON.parse(answer?.json ?? "{}") as { hits: Old[] }).hits;
}

async function remake(
  host: Host,
  collection: Handle,
  fields: FieldTable,
  old: readonly Old[],
  embedders: EmbeddersByField,
  signal: Signal | undefined,
): Promise<void> {
  // Hits come without vectors, so each document that has a text gets new ones.
  const made = (await withVectors(old.map(({ document }) => document), embedders, signal)) as Record<string, unknown>[];
  await Promise.all(
    made.map(async (document, at) => {
      const id = old[at]?.id as Id;
      // One without a text is written as it is: so it is no longer among the oldest.
      const vectors = [...embedders.keys()].filter((field) => Object.hasOwn(document, field));
      const patch = Object.fromEntries(vectors.map((field) => [field, document[field]]));
      const { json, vectors: packed, layout } = encodePatch(patch, fields);
      try {
        const options = JSON.stringify({ ifVersion: old[at]?.version });
        await host.update(collection, encodeId(id), json, packed, layout, options);
      } catch (error) {
        // Somebody has deleted or changed it meanwhile, and who changes a text makes its vector.
        if (toSanderlingError(error).code !== "conflict") throw error;
      }
    }),
  );
}
