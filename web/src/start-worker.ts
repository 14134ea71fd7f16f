import type { Host } from "../../pkg/src/host.js";
import { toSanderlingError } from "../../pkg/src/errors.js";
import { SanderlingError } from "../../pkg/src/index.js";
import type { LoadedWasm } from "../../pkg/src/load.js";
import { connect, type Port } from "./rpc.js";

export interface StartedWorker {
  readonly host: Host;
  stop(): void;
}

/** Starts the engine in a dedicated worker; throws "unavailable", saying why, when the page may not have one. */
export async function startWorker(wasm: LoadedWasm): Promise<StartedWorker> {
  const problems: string[] = [];
  for (const create of [workerFromFile, workerFromText]) {
    try {
      return await startIn(await create(), wasm);
    } catch (error) {
      problems.push(toSanderlingError(error).message);
    }
  }
  throw new SanderlingError("unavailable", `no worker could be started (${problems.join("; ")})`);
}

const givenWorkers = new WeakMap<object, Promise<Host>>();

/** Uses a worker of the user's own, which runs this package's worker file. It is started once and never ended. */
export function startGivenWorker(worker: object, wasm: LoadedWasm): Promise<Host> {
  let starting = givenWorkers.get(worker);
  if (starting === undefined) {
    const connection = connect(worker as Port);
    starting = connection.start(wasm).then(() => connection.host);
    givenWorkers.set(worker, starting);
  }
  return starting;
}

async function startIn(worker: Worker, wasm: LoadedWasm): Promise<StartedWorker> {
  const connection = connect(worker as Port);
  const stop = (): void => {
    worker.terminate();
    connection.end("the worker was ended");
  };
  try {
    await connection.start(wasm);
    return { host: connection.host, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

// Bundlers look for exactly this expression and put the worker's file beside their output.
function workerFromFile(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
}

// For bundles without the file. A content security policy may forbid it, so it is not the only way.
async function workerFromText(): Promise<Worker> {
  const { workerSource } = await import("./inline.js");
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  // Not at once: some browsers read the address only when the worker starts to load.
  const revoke = (): void => URL.revokeObjectURL(url);
  worker.addEventListener("message", revoke, { once: true });
  worker.addEventListener("error", revoke, { once: true });
  return worker;
}
