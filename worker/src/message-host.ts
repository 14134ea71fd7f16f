import { toWire } from "../../pkg/src/errors.js";
import type { Report } from "../../pkg/src/engine.js";
import type { Host } from "../../pkg/src/host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import { transferables, type Call, type Reply, type Request, type Start } from "../../pkg/src/protocol.js";

/** The part of a worker's global scope, or of a MessagePort, that is used here. */
export interface Port {
  postMessage(message: Reply, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: Request }) => void): void;
}

/** Answers the calls that come through a port: one reply for every call, in whatever order they are done. */
export function serveMessages(port: Port, start: (start: Start) => Promise<Host>): void {
  let host: Promise<Host> | undefined;
  /** Calls that report and go on. */
  const reporting = new Set<number>();

  const answer = async (request: Start | Call): Promise<unknown> => {
    if (request.kind === "start") {
      host ??= start(request);
      await host;
      return undefined;
    }
    if (host === undefined) throw new SanderlingError("internal", "a call came before the start message");
    if (!request.reports) return dispatch(await host, request);
    const { id } = request;
    reporting.add(id);
    const report: Report = (done, total) => {
      port.postMessage({ kind: "progress", id, done, total }, []);
      return !reporting.has(id);
    };
    return dispatch(await host, request, report).finally(() => reporting.delete(id));
  };

  port.addEventListener("message", ({ data: request }) => {
    const { id } = request;
    if (request.kind === "stop") {
      reporting.delete(id);
      return;
    }
    answer(request)
      .then((value) => port.postMessage({ kind: "value", id, value }, [...transferables(value)]))
      .catch((error: unknown) => port.postMessage({ kind: "error", id, error: toWire(error) }, []));
  });
}

async function dispatch(host: Host, { method, args }: Call, ...more: readonly Report[]): Promise<unknown> {
  if (!Object.hasOwn(host, method)) throw new SanderlingError("internal", `there is no call ${String(method)}`);
  // The union pairs every method with its own arguments, which the compiler cannot follow through an indexed call.
  const call = host[method] as (...args: readonly never[]) => Promise<unknown>;
  return call(...([...args, ...more] as readonly unknown[] as readonly never[]));
}
