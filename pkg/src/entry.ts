import { abortable } from "./abort.js";
import type { Database, Destroy, DestroyOptions, Open, OpenOptions } from "./api.js";
import { makeDatabase, type DatabaseCore } from "./database.js";
import type { Durability } from "./engine.js";
import { describe, mismatch, SanderlingError } from "./errors.js";
import type { Host, OpenedDatabase } from "./host.js";
import { hasLoneSurrogate } from "./json.js";
import { loadLanguage, type LanguageSource } from "./load.js";
import { checkOptions, isAnything, isSignal, isString, oneOf, type Check, type OptionRules } from "./options.js";
import { registry } from "./registry.js";

/** A database opened in some engine. */
export interface OpenedPlace extends OpenedDatabase {
  readonly host: Host;
  readonly worker: boolean;
  /** Lets go of the engine after the database was closed. */
  readonly stop?: () => unknown;
}

/** Where a database of this name and these options lives. */
export interface Place {
  /** Two opens with an equal key mean the same database. */
  readonly key: string;
  open(durability: Durability): Promise<OpenedPlace>;
  destroy(): Promise<void>;
  /** Refuses to join a database that is open with other properties than these options ask for. */
  accept?(core: DatabaseCore): Promise<void>;
}

/** Decides where a database lives; throws what this host cannot do. `options` were checked. */
export type Locate = (name: string, options: OpenOptions) => Place;

type Core = DatabaseCore & Pick<OpenedPlace, "stop"> & { readonly durability: Durability };

// Objects are backends: their methods are checked where they are used.
const isStorage: Check = (value) => {
  if (value === "indexeddb") {
    throw new SanderlingError("unsupported", 'the storage "indexeddb" is not supported by this version', { storage: value });
  }
  if (typeof value === "object" && value !== null) return undefined;
  const named = typeof value === "string" && ["auto", "opfs", "memory", "fs"].includes(value);
  return named ? undefined : "auto, opfs, memory, fs or a StorageBackend";
};

const isWorker: Check = (value) =>
  typeof value === "boolean" || typeof (value as { postMessage?: unknown } | null)?.postMessage === "function"
    ? undefined
    : "a boolean or a Worker";

const isBytes: Check = (value) =>
  typeof value === "number" && value > 0 && Number.isFinite(value) ? undefined : "a number of bytes above 0";

const isLanguages: Check = (value) =>
  typeof value === "object" && value !== null ? undefined : "an object with the wasm of each language";

const NAMED = { signal: isSignal, storage: isStorage, path: isString };

const OPEN_RULES: OptionRules = {
  call: "open",
  known: {
    ...NAMED,
    durability: oneOf("strict", "relaxed"),
    memoryBudget: isBytes,
    worker: isWorker,
    wasm: isAnything,
    languages: isLanguages,
  },
  later: ["persist", "encryption", "timeout"],
};

// The same options object serves open and destroy.
const DESTROY_RULES: OptionRules = { ...OPEN_RULES, call: "destroy" };

/** `open` and `destroy` for one kind of host, with the databases that are open in this process. */
export function entry(locate: Locate, files: LanguageSource): { readonly open: Open; readonly destroy: Destroy } {
  const databases = registry<Core>(async (core) => {
    try {
      await core.host.close(core.database);
    } finally {
      await core.stop?.();
    }
  });

  const openPlace = async (name: string, options: OpenOptions): Promise<Database> => {
    const place = locate(name, options);
    const durability = options.durability ?? "strict";
    const lease = await databases.acquire(place.key, async () => ({
      ...(await place.open(durability)),
      name,
      durability,
      collections: new Map(),
    }));
    try {
      await place.accept?.(lease.value);
      refuseOther(lease.value, name, durability);
      return makeDatabase(lease, (language) => loadLanguage(language, options.languages, files));
    } catch (error) {
      await lease.release();
      throw error;
    }
  };

  const open = async (name: string, options?: OpenOptions): Promise<Database> => {
    const checked = checkOptions(options, OPEN_RULES);
    checkDatabaseName(name);
    let abandoned = false;
    const opening = async (): Promise<Database> => {
      const database = await openPlace(name, checked);
      // Nobody waits for this handle any more, and an open handle would keep the lock.
      if (abandoned) await database.close();
      return database;
    };
    try {
      return await abortable(checked.signal, opening);
    } catch (error) {
      abandoned = true;
      throw error;
    }
  };

  const destroy = async (name: string, options?: DestroyOptions): Promise<void> => {
    const checked = checkOptions(options, DESTROY_RULES);
    checkDatabaseName(name);
    const place = locate(name, checked);
    if (databases.has(place.key)) {
      throw new SanderlingError("unavailable", `the database "${name}" is open in this process`);
    }
    return abortable(checked.signal, () => place.destroy());
  };

  return { open, destroy };
}

/** A handle must be what was asked for: strict is never quietly relaxed because somebody else was first. */
function refuseOther(core: Core, name: string, durability: Durability): void {
  if (core.name !== name) {
    throw new SanderlingError("unavailable", `this backend is in use by the database "${core.name}"`);
  }
  if (core.durability !== durability) {
    const message = `the database "${name}" is open in this process with durability "${core.durability}"`;
    throw new SanderlingError("unavailable", `${message}: close it first, or ask for the same`);
  }
}

const NAME_BYTES_MAX = 512;

function checkDatabaseName(name: unknown): void {
  if (typeof name !== "string") throw mismatch("invalid", "database name", "a string", describe(name));
  if (hasLoneSurrogate(name)) throw mismatch("invalid", "database name", "well-formed text", "a lone surrogate");
  // Each percent escape stands for one byte of UTF-8.
  const bytes = encodeURIComponent(name).replace(/%../g, "x").length;
  if (bytes < 1 || bytes > NAME_BYTES_MAX) {
    throw mismatch("invalid", "database name", `1 to ${NAME_BYTES_MAX} bytes`, `${bytes} bytes`);
  }
}
