import { toWire } from "../../pkg/src/errors.js";
import type { Host } from "../../pkg/src/host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import { transferables, type Call, type Reply, type Request, type Start } from "../../pkg/src/protocol.js";

/** The part of a worker's global scope, or of a MessagePort, that is used here. */
export interface Port {
  postMessage(message: Reply, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: Request }) => void): void;
}

/** Answers the calls that come through a port: one reply for every message, in whatever order they are done. */
export function serveMessages(port: Port, start: (start: Start) => Promise<Host>): void {
  let host: Promise<Host> | undefined;

  const answer = async (request: Request): Promise<unknown> => {
    if (request.kind === "start") {
      host ??= start(request);
      await host;
      return undefined;
    }
    if (host === undefined) throw new SanderlingError("internal", "a call came before the start message");
    return dispatch(await host, request);
  };

  port.addEventListener("message", ({ data: request }) => {
    const { id } = request;
    answer(request)
      .then((value) => port.postMessage({ kind: "value", id, value }, [...transferables(value)]))
      .catch((error: unknown) => port.postMessage({ kind: "error", id, error: toWire(error) }, []));
  });
}

async function dispatch(host: Host, { method, args }: Call): Promise<unknown> {
  if (!Object.hasOwn(host, method)) throw new SanderlingError("internal", `there is no call ${String(method)}`);
  // The union pairs every method with its own arguments, which the compiler cannot follow through an indexed call.
  const call = host[method] as (...args: readonly never[]) => Promise<unknown>;
  return call(...(args as readonly unknown[] as readonly never[]));
}
