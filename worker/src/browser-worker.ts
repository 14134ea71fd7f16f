import * as bindings from "../../pkg/generated/engine.js";
import { typedEngine } from "../../pkg/src/bindings.js";
import { toSanderlingError, toWire } from "../../pkg/src/errors.js";
import type { Host, HostStorage } from "../../pkg/src/host.js";
import { inThreadHost } from "../../pkg/src/in-thread-host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import { serveMessages, type Port } from "./message-host.js";
import { isInIndexedDb, openIndexedDb } from "../../pkg/src/indexeddb.js";
import { indexedDbName, opfsCompanionName, opfsFolderName } from "../../pkg/src/object-names.js";
import { hasOpfsFolder, opfsProblem } from "./storage/opfs-available.js";
import { tabs } from "./tabs.js";

// The browser's dedicated worker: the engine beside its storage, spoken to through messages.
const page = self as Port;
const trapped = (error: SanderlingError): void => page.postMessage({ kind: "error", id: 0, error: toWire(error) }, []);
const { share, fence, end } = tabs(trapped);

serveMessages(page, {
  start: async ({ module, simd }) => {
    bindings.initSync({ module });
    return choosingStorage(inThreadHost(typedEngine(bindings), simd));
  },
  share,
  fence,
  trapped,
});

/** How long files may still be held by a tab that has just ended, and how often to try again. */
const PATIENCE_MS = 2_000;
const RETRY_MS = 20;

// Here, because the timers of a page that is hidden are slow.
async function patiently<T>(open: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (toSanderlingError(error).code !== "unavailable" || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function isBegunInIndexedDb(name: string): Promise<boolean> {
  return !(await hasOpfsFolder(opfsFolderName(name))) && (await isInIndexedDb(indexedDbName(name)));
}

// Only a worker can tell whether OPFS works, because its synchronous handles exist nowhere else.
function choosingStorage(host: Host): Host {
  const chosen = async <T extends object>(
    name: string,
    storage: HostStorage,
    call: (name: string, storage: HostStorage) => Promise<T>,
  ): Promise<T> => {
    if (storage === "memory" || typeof storage === "object") return call(name, storage);
    const problem = storage === "indexeddb" ? undefined : await opfsProblem();
    if (problem !== undefined && storage === "opfs") throw new SanderlingError("unavailable", problem);
    // One that was begun where OPFS did not work is not to look empty where it does.
    const isBegun = problem === undefined && storage === "auto" && (await isBegunInIndexedDb(name));
    const reason = isBegun ? "the database was begun in IndexedDB" : problem;
    const isOpfs = storage !== "indexeddb" && reason === undefined;
    const backend = await openIndexedDb(isOpfs ? opfsCompanionName(name) : indexedDbName(name)).catch((error: unknown) => {
      if (problem === undefined) throw error;
      const { code, message, details } = toSanderlingError(error);
      throw new SanderlingError(code, `${problem}; ${message}`, details);
    });
    try {
      const opened = await call(name, isOpfs ? { opfs: opfsFolderName(name), young: backend } : backend);
      return reason === undefined ? opened : { ...opened, reason };
    } catch (error) {
      await backend.close?.();
      throw error;
    }
  };
  return {
    ...host,
    open: (name, storage, manner) => chosen(name, storage, (...at) => patiently(() => host.open(...at, manner))),
    restore: (name, storage, ...how) => chosen(name, storage, (...at) => host.restore(...at, ...how)),
    repair: (name, storage) => chosen(name, storage, host.repair),
    close: (database) => {
      end(database);
      return host.close(database);
    },
  };
}
