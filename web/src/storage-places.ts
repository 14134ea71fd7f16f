import type { OpenedPlace, Place } from "../../pkg/src/entry.js";
import { SanderlingError, type OpenOptions } from "../../pkg/src/index.js";
import { destroyIndexedDb, openIndexedDb } from "../../pkg/src/indexeddb.js";
import { openInThread, type InThreadPlatform } from "../../pkg/src/in-thread-platform.js";
import { indexedDbName } from "../../pkg/src/object-names.js";
import { destroyOpfs, isInOpfs } from "./opfs.js";

/** The storages that outlive a page. "auto" is OPFS where that works, else IndexedDB. */
export type Kept = "auto" | "opfs" | "indexeddb";

/** One key for all of them: a name that is open has one storage. */
export const keyOfKept = (name: string): string => `opfs:${name}`;

/** Refuses to join a database that is open in another storage than the one that is asked for. */
export const acceptKept = (name: string, asked: Kept): NonNullable<Place["accept"]> => async ({ host, database, reason }) => {
  if (asked === "auto") return;
  const { storage } = await host.status(database);
  if (storage === asked) return;
  throw new SanderlingError("unavailable", `the database "${name}" is open in "${storage}": ${reason ?? "by choice"}`);
};

export async function destroyKept(name: string, storage: Kept): Promise<void> {
  if (storage !== "indexeddb") await destroyOpfs(name);
  if (storage !== "opfs") await destroyIndexedDb(indexedDbName(name));
}

/** A database in IndexedDB whose engine runs in the page. */
export function indexedDbPlace(platform: InThreadPlatform, name: string, options: OpenOptions, asked: Kept): Place {
  return {
    key: keyOfKept(name),
    open: async (...how) => {
      if (asked === "auto" && (await isInOpfs(name))) {
        const message = `the database "${name}" is in OPFS, which only a worker can use: ${platform.reason ?? ""}`;
        throw new SanderlingError("unavailable", message);
      }
      // Before the lock is taken, so that an engine that cannot load leaves nothing behind.
      await platform.host(options);
      const backend = await openIndexedDb(indexedDbName(name));
      try {
        const opened = await openInThread(platform, name, options, backend, ...how);
        // The engine closes its backend, but one that trapped does not, and the lock must not outlive the handle.
        return keptForGood({ ...opened, stop: () => backend.close?.() }, options);
      } catch (error) {
        await backend.close?.();
        throw error;
      }
    },
    destroy: () => destroyKept(name, asked),
    accept: acceptKept(name, asked),
  };
}

let asked: Promise<boolean> | undefined;

/** What outlives the page is to stay: the browser is asked once, and says in status() what it decided. */
export function keptForGood(place: OpenedPlace, { persist = true }: OpenOptions): OpenedPlace {
  const { storage }: { readonly storage?: StorageManager } = navigator;
  const refused = (): boolean => false;
  if (persist) asked ??= storage?.persist?.().catch(refused);
  return { ...place, persisted: async () => (await storage?.persisted?.().catch(refused)) ?? false };
}
