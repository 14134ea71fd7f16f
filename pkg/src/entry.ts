import { abortable, aborted } from "./abort.js";
import type { Database, Destroy, DestroyOptions, Open, OpenOptions, Repair, Repaired, Restore } from "./api.js";
import { restoreFrom } from "./copies.js";
import { makeDatabase, type DatabaseCore, withLanguages } from "./database.js";
import type { Durability, Manner } from "./engine.js";
import { describe, mismatch, SanderlingError } from "./errors.js";
import type { Host, HostStorage, OpenedDatabase } from "./host.js";
import { hasLoneSurrogate } from "./json.js";
import { loadLanguage, type LanguageSource } from "./load.js";
import { checkOptions, isAnything, isBoolean, isSignal, isString, oneOf, type Check, type OptionRules } from "./options.js";
import { registry, type Lease } from "./registry.js";

/** A database opened in some engine. */
export interface OpenedPlace extends OpenedDatabase {
  readonly host: Host;
  readonly worker: boolean;
  /** Whether the browser has promised to keep what is stored. */
  readonly persisted?: () => Promise<boolean>;
  /** Lets go of the engine after the database was closed. */
  readonly stop?: () => unknown;
}

/** What the engine does with a database that nobody has open. */
export type Opening = (
  host: Host,
  name: string,
  storage: HostStorage,
  manner: Manner,
) => Promise<OpenedDatabase>;

/** Where a database of this name and these options lives. */
export interface Place {
  /** Two opens with an equal key mean the same database. */
  readonly key: string;
  open(manner: Manner, opening: Opening): Promise<OpenedPlace>;
  destroy(): Promise<void>;
  /** Refuses to join a database that is open with other properties than these options ask for. */
  accept?(core: DatabaseCore): Promise<void>;
}

/** Decides where a database lives; throws what this host cannot do. `options` were checked. */
export type Locate = (name: string, options: OpenOptions) => Place;

type Core = DatabaseCore & Pick<OpenedPlace, "stop"> & { readonly durability: Durability; readonly isRepaired: boolean };

/** Opens what is there, or makes it. */
export const openIt: Opening = (host, name, storage, manner) => host.open(name, storage, manner);

const MEMORY_BUDGET = 256 * 2 ** 20;

// Objects are backends: their methods are checked where they are used.
const isStorage: Check = (value) => {
  if (typeof value === "object" && value !== null) return undefined;
  const named = typeof value === "string" && ["auto", "opfs", "indexeddb", "memory", "fs"].includes(value);
  return named ? undefined : "auto, opfs, indexeddb, memory, fs or a StorageBackend";
};

const isWorker: Check = (value) =>
  typeof value === "boolean" || typeof (value as { postMessage?: unknown } | null)?.postMessage === "function"
    ? undefined
    : "a boolean or a Worker";

const isBytes: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : "a whole number of bytes above 0";

const isLanguages: Check = (value) =>
  typeof value === "object" && value !== null ? undefined : "an object with the wasm of each language";

const NAMED = { signal: isSignal, storage: isStorage, path: isString };

const OPEN_RULES: OptionRules = {
  call: "open",
  known: {
    ...NAMED,
    durability: oneOf("strict", "relaxed"),
    memoryBudget: isBytes,
    persist: isBoolean,
    worker: isWorker,
    wasm: isAnything,
    languages: isLanguages,
  },
  later: ["encryption", "timeout"],
};

const RESTORE_RULES: OptionRules = {
  ...OPEN_RULES,
  call: "restore",
  known: { ...OPEN_RULES.known, replace: isBoolean },
};

// The same options object serves all of them.
const REPAIR_RULES: OptionRules = { ...OPEN_RULES, call: "repair" };
const DESTROY_RULES: OptionRules = { ...OPEN_RULES, call: "destroy" };

/** The calls that need no open database. */
export interface Entry {
  readonly open: Open;
  readonly restore: Restore;
  readonly repair: Repair;
  readonly destroy: Destroy;
}

/** The databases that are open in this process. */
interface Places {
  /** Opens what is at a place, or joins it. */
  lend(place: Place, name: string, manner: Manner, opening: Opening, isRepaired?: boolean): Promise<Lease<Core>>;
  /** The same for a user. */
  open(name: string, options: OpenOptions, place: Place, opening: Opening): Promise<Database>;
  /** The place of a database that nobody in this process has open. */
  free(name: string, options: OpenOptions): Place;
}

function places(locate: Locate, files: LanguageSource): Places {
  const databases = registry<Core>(async (core) => {
    try {
      await core.host.close(core.database);
    } finally {
      await core.stop?.();
    }
  });

  const lend: Places["lend"] = (place, name, manner, opening, isRepaired = false) =>
    databases.acquire(place.key, async () => ({
      ...(await place.open(manner, opening)),
      name,
      durability: manner.durability,
      isRepaired,
      collections: new Map(),
      refused: new Map(),
    }));

  const open: Places["open"] = async (name, options, place, opening) => {
    const { durability = "strict", memoryBudget = MEMORY_BUDGET } = options;
    const lease = await lend(place, name, { durability, memoryBudget }, opening);
    try {
      await place.accept?.(lease.value);
      refuseOther(lease.value, name, durability);
      return makeDatabase(lease, (language) => loadLanguage(language, options.languages, files));
    } catch (error) {
      await lease.release();
      throw error;
    }
  };

  const free: Places["free"] = (name, options) => {
    checkDatabaseName(name);
    const place = locate(name, options);
    if (!databases.has(place.key)) return place;
    throw new SanderlingError("unavailable", `the database "${name}" is open in this process`);
  };

  return { lend, open, free };
}

/** The calls of one kind of host. */
export function entry(locate: Locate, files: LanguageSource): Entry {
  const { lend, open: openPlace, free: freePlace } = places(locate, files);

  const open: Open = async (name, options) => {
    const checked = checkOptions(options, OPEN_RULES);
    checkDatabaseName(name);
    let abandoned = false;
    const opening = async (): Promise<Database> => {
      const database = await openPlace(name, checked, locate(name, checked), openIt);
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

  const restore: Restore = async (name, source, options) => {
    const checked = checkOptions(options, RESTORE_RULES);
    const { replace = false, signal } = checked;
    const place = freePlace(name, checked);
    if (signal?.aborted === true) throw aborted(signal);
    // The signal ends it from within, so that whoever tries again finds the place free.
    return openPlace(name, checked, place, (...into) => restoreFrom(...into, replace, source, signal));
  };

  const repair: Repair = async (name, options) => {
    const checked = checkOptions(options, REPAIR_RULES);
    const place = freePlace(name, checked);
    return abortable(checked.signal, async () => {
      let repaired: object = {};
      const repairing: Opening = async (host, ...at) => {
        const load = (language: string) => loadLanguage(language, checked.languages, files);
        // Rows of damaged segments are indexed anew.
        repaired = await withLanguages(host, load, () => host.repair(at[0], at[1]));
        return { database: NOTHING_OPEN };
      };
      const lease = await lend(place, name, { durability: "strict", memoryBudget: MEMORY_BUDGET }, repairing, true);
      await lease.release();
      return repaired as Repaired;
    });
  };

  const destroy: Destroy = async (name, options) => {
    const checked = checkOptions<DestroyOptions>(options, DESTROY_RULES);
    const place = freePlace(name, checked);
    return abortable(checked.signal, () => place.destroy());
  };

  return { open, restore, repair, destroy };
}

/** No handle of a database: theirs begin with 1. */
const NOTHING_OPEN = 0;

/** A handle must be what was asked for: strict is never quietly relaxed because somebody else was first. */
function refuseOther(core: Core, name: string, durability: Durability): void {
  if (core.isRepaired) throw new SanderlingError("unavailable", `the database "${name}" is being repaired`);
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
