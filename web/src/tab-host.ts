import type { Report } from "../../pkg/src/engine.js";
import { toSanderlingError } from "../../pkg/src/errors.js";
import { withLanguages, type LoadLanguage } from "../../pkg/src/database.js";
import type { Handle, Host, OpenedCollection } from "../../pkg/src/host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import type { HostMethod } from "../../pkg/src/protocol.js";
import { GONE, hostOf, type CallOf } from "./rpc.js";
import type { Link, Seat } from "./seat.js";

// The host of a database that tabs share. Its handles stay what they are when the engine behind them becomes another one; calls that
// were under way then are made again if they read, and rejected if they write: whether a write was done, nobody knows.

const WRITES: ReadonlySet<HostMethod> = new Set(["put", "update", "delete", "drop", "compact", "settings"]);
const OF_DATABASE: ReadonlySet<HostMethod> = new Set(["status", "collections", "drop", "export", "verify", "collection"]);

/** A call that brings the engine down would bring down every one after it. */
const RETRIES_MAX = 2;

interface Bound {
  readonly name: string;
  /** The engine that the handle is of. */
  link: Link;
  handle: Handle;
}

interface Stream {
  readonly link: Link;
  readonly stream: number;
}

type Args = readonly unknown[];

interface Collections {
  /** The handle here of what is a collection there. */
  bind(name: string, link: Link, handle: Handle): Handle;
  /** The handle there, where the collection may not be open yet. */
  handleOf(at: Handle, link: Link): Promise<Handle>;
}

function boundCollections(load: LoadLanguage): Collections {
  const collections: Bound[] = [];
  return {
    bind: (name, link, handle) => {
      const at = collections.findLastIndex((bound) => bound.name === name);
      const known = collections[at];
      // Of the same engine but with another handle it is a collection that was dropped, and this one has only its name.
      if (known === undefined || (known.link === link && known.handle !== handle)) return collections.push({ name, link, handle });
      Object.assign(known, { link, handle });
      return at + 1;
    },
    handleOf: async (at, link) => {
      const bound = collections[at - 1]!;
      if (bound.link === link) return bound.handle;
      const { host, database } = link;
      const open = (): Promise<OpenedCollection> => host.collection(database, bound.name, undefined, undefined);
      const { collection } = await withLanguages(host, load, open).catch((error: unknown) => {
        if (toSanderlingError(error).code !== "schema") throw error;
        throw new SanderlingError("closed", `the collection "${bound.name}" was dropped`);
      });
      Object.assign(bound, { link, handle: collection });
      return collection;
    },
  };
}

/** The host of what this seat reaches. */
export function tabHost(seat: Seat, load: LoadLanguage): Host {
  const { bind, handleOf } = boundCollections(load);
  const streams: Stream[] = [];

  const send = async (link: Link, method: HostMethod, [first, ...rest]: Args, report?: Report): Promise<unknown> => {
    // The union pairs every method with its own arguments, which the compiler cannot follow through an indexed call.
    const call = link.host[method] as (...args: Args) => Promise<unknown>;
    if (method === "language") return call(first, ...rest);
    if (!OF_DATABASE.has(method)) return call(await handleOf(first as Handle, link), ...rest, ...(report ? [report] : []));
    const value = await call(link.database, ...rest);
    if (method === "status") return { ...(value as object), role: link.role };
    if (method === "export") {
      const { export: stream, bytes } = value as Awaited<ReturnType<Host["export"]>>;
      return { export: streams.push({ link, stream }) - 1, bytes };
    }
    if (method !== "collection") return value;
    const { collection, schema } = value as OpenedCollection;
    return { collection: bind(rest[0] as string, link, collection), schema };
  };
  const route = (method: HostMethod, args: Args, report?: Report): Promise<unknown> =>
    seat.during(() => persistently(seat, method, (link) => send(link, method, args, report)));
  const call: CallOf =
    (method) =>
    (...args) =>
      route(method, args) as ReturnType<Host[typeof method]>;

  return {
    ...hostOf(call),
    compact: (collection, report) => route("compact", [collection], report) as Promise<void>,
    // A stream ends with the engine that makes it.
    exportPiece: (_, at, ...piece) => {
      const { link, stream } = streams[at]!;
      return link.host.exportPiece(link.database, stream, ...piece);
    },
    endExport: (_, at) => {
      const { link, stream } = streams[at]!;
      return link.host.endExport(link.database, stream);
    },
    close: () => seat.close(),
  };
}

/** Makes a call, and makes it again where that is no harm. */
async function persistently(seat: Seat, method: HostMethod, call: (link: Link) => Promise<unknown>): Promise<unknown> {
  for (let retries = 0; ; ) {
    const link = await seat.link();
    try {
      return await call(link);
    } catch (error) {
      if (error === GONE) {
        seat.leave(link);
        continue;
      }
      if (error !== link.lost) throw error;
      if (WRITES.has(method)) throw unknown(method, link.lost!);
      if ((retries += 1) > RETRIES_MAX) throw error;
    }
  }
}

function unknown(method: HostMethod, { code, message, details }: SanderlingError): SanderlingError {
  return new SanderlingError(code, `${method}: ${message}; whether it was done is not known`, { ...details, outcome: "unknown" });
}
