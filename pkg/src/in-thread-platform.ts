import type { OpenOptions } from "./api.js";
import type { Locate, OpenedPlace, Opening, Place } from "./entry.js";
import type { Manner } from "./engine.js";
import { describe, mismatch, SanderlingError } from "./errors.js";
import type { Host, HostStorage } from "./host.js";
import { inOrderOfRemoval, isEngineObject } from "./object-names.js";
import type { StorageBackend } from "./storage.js";

/** Databases in folders, for hosts that have a file system. */
export interface FileStorage {
  /** The absolute folder of a database. */
  folder(path: string, name: string): string;
  /** Takes the database's lock and opens the folder, creating it if absent. */
  open(folder: string): StorageBackend;
  /** Removes the database's files, and the folder if that leaves it empty. */
  destroy(folder: string): void;
}

export interface InThreadPlatform {
  /** Loads the engine, or hands out the one loaded before. */
  host(options: OpenOptions): Promise<Host>;
  readonly files?: FileStorage;
  /** Why the engine runs in this thread, where that is second best. */
  readonly reason?: string;
}

/** Locates databases for hosts where the engine runs in the thread that asks. */
export function inThreadLocate(platform: InThreadPlatform): Locate {
  return (name, options) => {
    const { storage = "auto", path } = options;
    if (typeof options.worker === "object") {
      const message = "open: a worker of your own is for browsers; here the engine runs in this thread";
      throw new SanderlingError("unsupported", message);
    }
    if (typeof storage === "object") return backendPlace(platform, name, options, storage);
    if (storage === "fs" || (storage === "auto" && path !== undefined && platform.files !== undefined)) {
      return filesPlace(platform, name, options);
    }
    if (storage === "opfs" || storage === "indexeddb") {
      const message = `the storage "${storage}" needs a browser${storage === "opfs" ? " and its dedicated worker" : ""}`;
      throw new SanderlingError("unavailable", message);
    }
    return memoryPlace(platform, name, options);
  };
}

/** Opens a database in the engine of this thread, or does what else is to be done with it. */
export async function openInThread(
  platform: InThreadPlatform,
  name: string,
  options: OpenOptions,
  storage: HostStorage,
  manner: Manner,
  opening: Opening,
): Promise<OpenedPlace> {
  const host = await platform.host(options);
  const opened = await opening(host, name, storage, manner);
  return { host, worker: false, ...opened, ...(platform.reason === undefined ? {} : { reason: platform.reason }) };
}

export function memoryPlace(platform: InThreadPlatform, name: string, options: OpenOptions): Place {
  return {
    key: `memory:${name}`,
    open: (...how) => openInThread(platform, name, options, "memory", ...how),
    destroy: () => Promise.resolve(),
  };
}

export function backendPlace(
  platform: InThreadPlatform,
  name: string,
  options: OpenOptions,
  backend: StorageBackend,
): Place {
  checkBackend(backend);
  return {
    key: `backend:${identity(backend)}`,
    open: (...how) => openInThread(platform, name, options, backend, ...how),
    destroy: async () => {
      const objects = await backend.list();
      const ours = objects.flatMap(({ name }) => (isEngineObject(name) ? [name] : []));
      for (const object of inOrderOfRemoval(ours).flat()) await backend.remove(object);
    },
  };
}

function filesPlace(platform: InThreadPlatform, name: string, options: OpenOptions): Place {
  const { files } = platform;
  if (files === undefined) throw new SanderlingError("unavailable", 'this host has no file system for the storage "fs"');
  if (options.path === undefined) throw mismatch("invalid", "path", 'a folder for the storage "fs"', "undefined");
  checkSegment(name);
  const folder = files.folder(options.path, name);
  return {
    key: `fs:${folder}`,
    open: async (...how) => {
      // Before the lock is taken, so that an engine that cannot load leaves nothing behind.
      await platform.host(options);
      const backend = files.open(folder);
      try {
        const opened = await openInThread(platform, name, options, backend, ...how);
        // The engine closes its backend, but an engine that trapped does not, and the lock must not outlive the handle.
        return { ...opened, stop: () => backend.close?.() };
      } catch (error) {
        await backend.close?.();
        throw error;
      }
    },
    destroy: async () => files.destroy(folder),
  };
}

const SEGMENT_BYTES_MAX = 255;

// The name becomes a folder: it must not lead anywhere else, nor be a hidden one.
function checkSegment(name: string): void {
  const bytes = encodeURIComponent(name).replace(/%../g, "x").length;
  if (/[/\\\u0000-\u001f<>:"|?*]/.test(name) || name.startsWith(".") || /[. ]$/.test(name) || bytes > SEGMENT_BYTES_MAX) {
    throw mismatch("invalid", "database name", 'a single folder name for the storage "fs"', describe(name));
  }
}

function checkBackend(backend: StorageBackend): void {
  for (const method of ["list", "read", "append", "write", "remove"] as const) {
    if (typeof backend[method] !== "function") {
      throw mismatch("invalid", `storage.${method}`, "a method of a StorageBackend", describe(backend[method]));
    }
  }
}

const identities = new WeakMap<object, number>();
let identified = 0;

function identity(backend: object): number {
  const known = identities.get(backend);
  if (known !== undefined) return known;
  identified += 1;
  identities.set(backend, identified);
  return identified;
}
