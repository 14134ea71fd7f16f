import { fromWire } from "../../pkg/src/errors.js";
import type { Report } from "../../pkg/src/engine.js";
import type { Host } from "../../pkg/src/host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import type { LoadedWasm } from "../../pkg/src/load.js";
import { transferables, type Call, type HostMethod, type Reply, type Request, type Share, type Welcome } from "../../pkg/src/protocol.js";

/** The part of a Worker, a MessagePort or a BroadcastChannel that is used here. */
export interface Port {
  postMessage(message: Request, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: Reply }) => void): void;
  addEventListener(type: "error" | "messageerror", listener: (event: unknown) => void): void;
}

export interface Connection {
  /** The engine behind the port. */
  readonly host: Host;
  /** Sends the engine over; resolves when it runs there. */
  start(wasm: LoadedWasm): Promise<void>;
  /** What an engine says first that runs in another tab. */
  welcome(): Promise<Welcome>;
  share(share: Omit<Share, "kind" | "id">): Promise<void>;
  /** Rejects every call that is under way and every later one. */
  end(error: SanderlingError): void;
}

/** Why a call was rejected of which nothing was done, because the engine behind the port takes no more. */
export const GONE: SanderlingError = new SanderlingError("unavailable", "the database is just being closed");

interface Waiting {
  readonly report: Report | undefined;
  resolve(value: unknown): void;
  reject(error: SanderlingError): void;
}

interface Exchange extends Pick<Connection, "end"> {
  send(request: Request, transfer: Iterable<ArrayBuffer>, report?: Report): Promise<unknown>;
  /** The reply with this id. */
  wait(id: number, report?: Report): Promise<unknown>;
}

/** Requests and their replies. */
function exchange(port: Port, onEnd: ((error: SanderlingError) => void) | undefined): Exchange {
  const waiting = new Map<number, Waiting>();
  let ended: SanderlingError | undefined;

  const wait: Exchange["wait"] = (id, report) =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) throw ended;
      waiting.set(id, { report, resolve, reject });
    });
  const send: Exchange["send"] = (request, transfer, report) => {
    const reply = wait(request.id, report);
    if (ended !== undefined) return reply;
    try {
      port.postMessage(request, [...transfer]);
    } catch (error) {
      waiting.get(request.id)?.reject(new SanderlingError("internal", `the call could not be sent: ${String(error)}`));
      waiting.delete(request.id);
    }
    return reply;
  };
  const end: Exchange["end"] = (error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const fail = (error: SanderlingError): void => {
    if (ended !== undefined) return;
    end(error);
    onEnd?.(error);
  };

  port.addEventListener("message", ({ data: reply }) => {
    const call = waiting.get(reply.id);
    if (reply.kind === "progress") {
      if (call?.report?.(reply.done, reply.total)) port.postMessage({ kind: "stop", id: reply.id }, []);
      return;
    }
    waiting.delete(reply.id);
    if (reply.kind === "value") call?.resolve(reply.value);
    else if (reply.kind === "gone") call?.reject(GONE);
    else if (call !== undefined) call.reject(fromWire(reply.error));
    else if (reply.id === 0) fail(fromWire(reply.error));
  });
  // What has started can only have trapped, where no call was there to tell.
  port.addEventListener("error", (event) => fail(waiting.has(0) ? notLoaded(messageOf(event)) : trapped(messageOf(event))));
  const unreadable = "a message of the worker could not be read";
  port.addEventListener("messageerror", () => fail(new SanderlingError("unavailable", unreadable)));
  return { send, wait, end };
}

/**
 * A Host whose every call is one message through the port and one reply, and some for its progress. `onEnd` is told when the engine
 * behind the port has come to an end by itself.
 */
export function connect(port: Port, onEnd?: (error: SanderlingError) => void): Connection {
  const { send, wait, end } = exchange(port, onEnd);
  let ids = 0;
  const call =
    <M extends HostMethod>(method: M) =>
    (...args: Parameters<Host[M]>): ReturnType<Host[M]> => {
      // One member of the union for a method that is only known as a parameter here.
      const request = { kind: "call", id: (ids += 1), method, args } as unknown as Call;
      // The vector of a query is kept: should the engine end before its answer, another one is asked.
      return send(request, method === "search" ? [] : transferables(args)) as ReturnType<Host[M]>;
    };
  const compact: Host["compact"] = async (collection, report) => {
    const reports = report !== undefined;
    await send({ kind: "call", id: (ids += 1), method: "compact", args: [collection], reports }, [], report);
  };

  return {
    host: { ...hostOf(call), compact },
    start: async ({ module, simd }) => {
      await send({ kind: "start", id: 0, module, simd }, []);
    },
    welcome: () => wait(0) as Promise<Welcome>,
    share: async (share) => {
      await send({ kind: "share", id: (ids += 1), ...share }, []);
    },
    end,
  };
}

export type CallOf = <M extends HostMethod>(method: M) => (...args: Parameters<Host[M]>) => ReturnType<Host[M]>;

// Spelled out, so that the compiler says when a method of Host is missing.
export function hostOf(call: CallOf): Omit<Host, "compact"> {
  return {
    open: call("open"),
    language: call("language"),
    close: call("close"),
    status: call("status"),
    collections: call("collections"),
    drop: call("drop"),
    export: call("export"),
    exportPiece: call("exportPiece"),
    endExport: call("endExport"),
    verify: call("verify"),
    restore: call("restore"),
    restorePiece: call("restorePiece"),
    endRestore: call("endRestore"),
    repair: call("repair"),
    collection: call("collection"),
    schema: call("schema"),
    put: call("put"),
    update: call("update"),
    delete: call("delete"),
    get: call("get"),
    version: call("version"),
    count: call("count"),
    list: call("list"),
    search: call("search"),
    suggest: call("suggest"),
    flush: call("flush"),
    settings: call("settings"),
    stats: call("stats"),
  };
}

const notLoaded = (problem: string): SanderlingError => new SanderlingError("unavailable", `the worker failed: ${problem}`);

function trapped(trap: string): SanderlingError {
  return new SanderlingError("internal", `the engine stopped (${trap}); what was acknowledged is stored`, { trap });
}

// A worker whose file is missing, is not JavaScript or is forbidden tells no more than that there was an error.
function messageOf(event: unknown): string {
  const message = (event as { message?: unknown } | null)?.message;
  return typeof message === "string" && message !== "" ? message : "it could not be loaded";
}
