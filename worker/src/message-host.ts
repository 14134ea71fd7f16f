import { toWire } from "../../pkg/src/errors.js";
import type { Report } from "../../pkg/src/engine.js";
import type { Host } from "../../pkg/src/host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import { transferables, type Call, type Reply, type Request, type Share, type Start } from "../../pkg/src/protocol.js";

/** The part of a worker's global scope, of a MessagePort or of a BroadcastChannel that is used here. */
export interface Port {
  postMessage(message: Reply, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: Request }) => void): void;
}

/** What is behind a port. */
export interface Serving {
  /** Starts the engine; absent where it runs already. */
  start?(start: Start): Promise<Host>;
  share?(host: Host, share: Share): Promise<unknown>;
  /** Rejects when this engine may not touch its databases any more. */
  fence?(): Promise<void> | undefined;
  /** Whether all further calls are for the next engine. */
  isOver?(): boolean;
  /** Is told that the engine must not be entered again. */
  trapped?(error: SanderlingError): void;
}

const GONE = Symbol("the database is closing");

/** Answers the calls that come through a port: one reply for every call, in whatever order they are done. */
export function serveMessages(port: Port, serving: Serving, running?: Host): void {
  let host: Promise<Host> | undefined = running && Promise.resolve(running);
  /** Calls that report and go on. */
  const reporting = new Set<number>();

  const answer = async (request: Start | Call | Share): Promise<unknown> => {
    if (request.kind === "start") {
      host ??= serving.start!(request);
      await host;
      return undefined;
    }
    if (host === undefined) throw new SanderlingError("internal", "a call came before the start message");
    const engine = await host;
    if (request.kind === "share") return serving.share!(engine, request);
    // What a database must give up, it may give up always.
    if (request.method !== "close") await serving.fence?.();
    // Now, since from here to the engine nothing is waited for.
    if (serving.isOver?.()) return GONE;
    if (!request.reports) return dispatch(engine, request);
    const { id } = request;
    reporting.add(id);
    const report: Report = (done, total) => {
      port.postMessage({ kind: "progress", id, done, total }, []);
      return !reporting.has(id);
    };
    return dispatch(engine, request, report).finally(() => reporting.delete(id));
  };

  port.addEventListener("message", ({ data: request }) => {
    const { id } = request;
    if (request.kind === "stop") {
      reporting.delete(id);
      return;
    }
    answer(request)
      .then((value) => {
        if (value === GONE) port.postMessage({ kind: "gone", id }, []);
        else port.postMessage({ kind: "value", id, value }, [...transferables(value)]);
      })
      .catch((thrown: unknown) => {
        const error = toWire(thrown);
        port.postMessage({ kind: "error", id, error }, []);
        if ("trap" in error.details) serving.trapped?.(thrown as SanderlingError);
      });
  });
}

async function dispatch(host: Host, { method, args }: Call, ...more: readonly Report[]): Promise<unknown> {
  if (!Object.hasOwn(host, method)) throw new SanderlingError("internal", `there is no call ${String(method)}`);
  // The union pairs every method with its own arguments, which the compiler cannot follow through an indexed call.
  const call = host[method] as (...args: readonly never[]) => Promise<unknown>;
  return call(...([...args, ...more] as readonly unknown[] as readonly never[]));
}
