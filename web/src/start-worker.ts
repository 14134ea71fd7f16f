import { toSanderlingError } from "../../pkg/src/errors.js";
import { SanderlingError } from "../../pkg/src/index.js";
import type { LoadedWasm } from "../../pkg/src/load.js";
import { connect, type Connection, type Port } from "./rpc.js";

export interface StartedWorker extends Pick<Connection, "host" | "share"> {
  /** Ends the worker: what it has not finished rejects with this error. */
  stop(error?: SanderlingError): void;
}

/** Starts the engine in a dedicated worker; throws "unavailable", saying why, when the page may not have one. */
export async function startWorker(wasm: LoadedWasm, onEnd: (error: SanderlingError) => void): Promise<StartedWorker> {
  const problems: string[] = [];
  for (const create of [workerFromFile, workerFromText]) {
    try {
      return await startIn(await create(), wasm, onEnd);
    } catch (error) {
      problems.push(toSanderlingError(error).message);
    }
  }
  throw new SanderlingError("unavailable", `no worker could be started (${problems.join("; ")})`);
}

const givenWorkers = new WeakMap<object, Promise<Connection["host"]>>();

/** Uses a worker of the user's own, which runs this package's worker file. It is started once and never ended. */
export function startGivenWorker(worker: object, wasm: LoadedWasm): Promise<Connection["host"]> {
  let starting = givenWorkers.get(worker);
  if (starting === undefined) {
    const connection = connect(worker as Port);
    starting = connection.start(wasm).then(() => connection.host);
    givenWorkers.set(worker, starting);
  }
  return starting;
}

async function startIn(worker: Worker, wasm: LoadedWasm, onEnd: (error: SanderlingError) => void): Promise<StartedWorker> {
  let isStarted = false;
  // Before that its error is that of the start.
  const connection = connect(worker as Port, (error) => isStarted && onEnd(error));
  const stop: StartedWorker["stop"] = (error = new SanderlingError("unavailable", "the worker was ended")) => {
    worker.terminate();
    connection.end(error);
  };
  try {
    await connection.start(wasm);
    isStarted = true;
    return { host: connection.host, share: connection.share, stop };
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
