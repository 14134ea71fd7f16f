import * as bindings from "../../pkg/generated/engine.js";
import { typedEngine } from "../../pkg/src/bindings.js";
import type { Host } from "../../pkg/src/host.js";
import { inThreadHost } from "../../pkg/src/in-thread-host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import { serveMessages, type Port } from "./message-host.js";
import { opfsFolderName } from "../../pkg/src/object-names.js";
import { opfsProblem } from "./storage/opfs-available.js";

// The browser's dedicated worker: the engine beside its storage, spoken to through messages.
serveMessages(self as Port, async ({ module, simd }) => {
  bindings.initSync({ module });
  return choosingStorage(inThreadHost(typedEngine(bindings), simd));
});

// Only a worker can tell whether OPFS works, because its synchronous handles exist nowhere else.
function choosingStorage(host: Host): Host {
  return {
    ...host,
    open: async (name, storage, durability) => {
      if (storage !== "auto" && storage !== "opfs") return host.open(name, storage, durability);
      const reason = await opfsProblem();
      if (reason === undefined) return host.open(opfsFolderName(name), "opfs", durability);
      if (storage === "opfs") throw new SanderlingError("unavailable", reason);
      return { ...(await host.open(name, "memory", durability)), reason };
    },
  };
}
