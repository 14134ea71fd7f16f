import * as engine from "../../pkg/generated/engine.js";
import { entry, openIt, type Locate, type OpenedPlace, type Opening, type Place } from "../../pkg/src/entry.js";
import type { Manner } from "../../pkg/src/engine.js";
import { toSanderlingError } from "../../pkg/src/errors.js";
import { backendPlace, inThreadLocate, openInThread, type InThreadPlatform } from "../../pkg/src/in-thread-platform.js";
import {
  SanderlingError,
  type Destroy,
  type Open,
  type OpenOptions,
  type Repair,
  type Restore,
} from "../../pkg/src/index.js";
import { inThreadLoader, loadLanguage, loadWasm } from "../../pkg/src/load.js";
import { wasmFiles } from "./engine-files.js";
import { hasLocks, hold } from "./locks.js";
import { Seat, type Plan } from "./seat.js";
import { startGivenWorker, startWorker } from "./start-worker.js";
import { acceptKept, destroyKept, indexedDbPlace, keptForGood, keyOfKept, type Kept } from "./storage-places.js";
import { tabHost } from "./tab-host.js";

// The entry for browsers: the engine in a dedicated worker with OPFS, or in the page where that is asked for or all there is.
export * from "../../pkg/src/index.js";

const host = inThreadLoader(engine, wasmFiles);

const inPage = (reason: string): InThreadPlatform => ({ host, reason });

const locate: Locate = (name, options) => {
  const { storage = "auto", worker = true } = options;
  if (storage === "fs") throw new SanderlingError("unavailable", 'browsers have no file system for the storage "fs"');
  if (typeof storage === "object") {
    return backendPlace(inPage("a StorageBackend stays in the thread it was made in"), name, options, storage);
  }
  if (worker === false) {
    const page = inPage("worker: false keeps the engine in the page, where OPFS is out of reach");
    if (storage === "memory" || storage === "opfs") return inThreadLocate(page)(name, options);
    return indexedDbPlace(page, name, options, storage);
  }
  return workerPlace(name, options, storage);
};

function workerPlace(name: string, options: OpenOptions, storage: Kept | "memory"): Place {
  const open: Place["open"] = (...how) => openInWorker(name, options, storage, ...how);
  if (storage === "memory") return { key: `memory:${name}`, open, destroy: () => Promise.resolve() };
  return {
    key: keyOfKept(name),
    open: async (...how) => keptForGood(await open(...how), options),
    destroy: () => destroyAlone(name, storage),
    accept: acceptKept(name, storage),
  };
}

// The name by which all tabs know a database.
const lockOf = (name: string): string => `sanderling:opfs:${name}`;

async function destroyAlone(name: string, storage: Kept): Promise<void> {
  if (!(await hasLocks())) return destroyKept(name, storage);
  const held = await hold(lockOf(name), { ifAvailable: true });
  if (held === undefined) throw new SanderlingError("unavailable", `the database "${name}" is open in another tab`);
  await destroyKept(name, storage).finally(held.release);
}

async function openInWorker(
  name: string,
  options: OpenOptions,
  storage: Kept | "memory",
  manner: Manner,
  opening: Opening,
): Promise<OpenedPlace> {
  const given = options.worker;
  const wasm = await loadWasm(options, wasmFiles);
  if (typeof given === "object") {
    const host = await startGivenWorker(given, wasm);
    return { host, worker: true, ...(await opening(host, name, storage, manner)) };
  }
  let problem: SanderlingError | undefined;
  const start: Plan["start"] = (onEnd) =>
    startWorker(wasm, onEnd).catch((error: unknown) => {
      throw (problem = toSanderlingError(error));
    });
  const open: Plan["open"] = (host) => opening(host, name, storage, manner);
  try {
    if (storage === "memory" || !(await hasLocks())) return await openUnshared(start, open);
    const { durability } = manner;
    // What only this call does, such as to restore, is never done again when the engine becomes another one.
    const again: Plan["open"] = (host) => openIt(host, name, storage, manner);
    const seat = new Seat({ lock: lockOf(name), durability, start, open: again });
    const { database, reason } = await seat.take(opening === openIt ? undefined : open);
    const host = tabHost(seat, (language) => loadLanguage(language, options.languages, wasmFiles));
    return { host, worker: true, database, ...(reason === undefined ? {} : { reason }) };
  } catch (error) {
    if (problem === undefined || storage === "opfs") throw error;
    const page = inPage(problem.message);
    if (storage === "memory") return openInThread(page, name, options, "memory", manner, opening);
    return indexedDbPlace(page, name, options, storage).open(manner, opening);
  }
}

async function openUnshared(start: Plan["start"], open: Plan["open"]): Promise<OpenedPlace> {
  const { host, stop } = await start(() => undefined);
  try {
    return { host, stop, worker: true, ...(await open(host)) };
  } catch (error) {
    stop();
    throw error;
  }
}

const browser = entry(locate, wasmFiles);
export const open: Open = browser.open;
export const restore: Restore = browser.restore;
export const repair: Repair = browser.repair;
export const destroy: Destroy = browser.destroy;
