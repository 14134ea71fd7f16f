import * as engine from "../../pkg/generated/engine.js";
import { entry, type Locate, type OpenedPlace, type Opening, type Place } from "../../pkg/src/entry.js";
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
import { inThreadLoader, loadWasm } from "../../pkg/src/load.js";
import { wasmFiles } from "./engine-files.js";
import { destroyOpfs } from "./opfs.js";
import { startGivenWorker, startWorker } from "./start-worker.js";

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
    return inThreadLocate(inPage("worker: false keeps the engine in the page, where OPFS is out of reach"))(name, options);
  }
  return workerPlace(name, options, storage);
};

function workerPlace(name: string, options: OpenOptions, storage: "auto" | "opfs" | "memory"): Place {
  return {
    // "auto" may turn out to be OPFS, so the two share a key.
    key: `${storage === "memory" ? "memory" : "opfs"}:${name}`,
    open: (...how) => openInWorker(name, options, storage, ...how),
    destroy: () => (storage === "memory" ? Promise.resolve() : destroyOpfs(name)),
    accept: async ({ host, database, reason }) => {
      if (storage !== "opfs" || (await host.status(database)).storage === "opfs") return;
      throw new SanderlingError("unavailable", `the database "${name}" is open in memory: ${reason ?? "by choice"}`);
    },
  };
}

async function openInWorker(
  name: string,
  options: OpenOptions,
  storage: "auto" | "opfs" | "memory",
  manner: Manner,
  opening: Opening,
): Promise<OpenedPlace> {
  const wasm = await loadWasm(options, wasmFiles);
  if (typeof options.worker === "object") {
    const given = await startGivenWorker(options.worker, wasm);
    return { host: given, worker: true, ...(await opening(given, name, storage, manner)) };
  }
  const started = await startWorker(wasm).catch((error: unknown) => toSanderlingError(error));
  if (started instanceof SanderlingError) {
    if (storage === "opfs") throw started;
    return openInThread(inPage(started.message), name, options, "memory", manner, opening);
  }
  try {
    return { ...started, worker: true, ...(await opening(started.host, name, storage, manner)) };
  } catch (error) {
    started.stop();
    throw error;
  }
}

const browser = entry(locate, wasmFiles);
export const open: Open = browser.open;
export const restore: Restore = browser.restore;
export const repair: Repair = browser.repair;
export const destroy: Destroy = browser.destroy;
