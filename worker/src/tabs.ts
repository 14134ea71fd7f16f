import type { Handle, Host } from "../../pkg/src/host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import { link, presence, type Notice, type Reply, type Share } from "../../pkg/src/protocol.js";
import { serveMessages, type Port, type Serving } from "./message-host.js";

// A worker whose engine other tabs use too. Each of them has a channel of its own to it; when such a tab ends, its Web Lock falls free.

/** For so long a look at the lock holds good. Nobody takes it from a tab that gave a sign of life in the last five times of this. */
const FRESH_MS = 500;

export interface Tabs {
  share(host: Host, share: Share): Promise<void>;
  /** Rejects unless this tab still holds the lock of every database that it shares. */
  fence(): Promise<void> | undefined;
  /** From now on other tabs are told to look for another engine. */
  end(database: Handle): void;
}

export function tabs(trapped: Serving["trapped"]): Tabs {
  const shares = new Map<Handle, Share>();
  /** The channels to the tabs that have joined. */
  const channels = new Map<BroadcastChannel, Handle>();
  let checked = -Infinity;
  let checking: Promise<void> | undefined;

  // A tab that was frozen goes on where it stood: with the calls that came meanwhile, and before it hears what it has lost.
  const check = async (): Promise<void> => {
    const now = performance.now();
    const { held = [] } = await navigator.locks.query();
    // What was asked before the tab was frozen says nothing of the time after.
    if (performance.now() - now >= FRESH_MS) return check();
    const holder = (lock: string): string | undefined => held.find(({ name }) => name === lock)?.clientId;
    for (const { lock, tab } of shares.values()) {
      const mine = holder(presence(lock, tab));
      if (mine !== undefined && mine === holder(lock)) continue;
      const message = "this tab gave no sign of life, and another one has taken the database over; nothing was done";
      throw new SanderlingError("unavailable", message, { fenced: true });
    }
    checked = now;
  };
  const fence = (): Promise<void> | undefined => {
    if (shares.size === 0 || performance.now() - checked < FRESH_MS) return undefined;
    return (checking ??= check().finally(() => (checking = undefined)));
  };

  const share = async (host: Host, share: Share): Promise<void> => {
    const { lock, engine, database } = share;
    shares.set(database, share);
    const isOver = (): boolean => !shares.has(database);
    const control = new BroadcastChannel(lock);
    const tell = (notice: Notice): void => control.postMessage(notice);
    control.addEventListener("message", ({ data }: MessageEvent<Notice>) => {
      if (isOver()) control.close();
      else if (data.kind === "seek") tell({ kind: "lead", engine });
      else if (data.kind === "join" && data.engine === engine) {
        const channel = join(host, share, data.tab, { fence, isOver, trapped: trapped! }, () => channels.delete(channel));
        channels.set(channel, database);
      }
    });
    await new Promise<void>((held) => {
      void navigator.locks.request(presence(lock, engine), () => new Promise(() => held()));
    });
    tell({ kind: "lead", engine });
  };

  const end = (database: Handle): void => {
    shares.delete(database);
    const gone: Reply = { kind: "gone", id: 0 };
    for (const [channel, of] of channels) if (of === database) channel.postMessage(gone);
  };
  return { share, fence, end };
}

function join(
  host: Host,
  { lock, engine, database, welcome }: Share,
  tab: string,
  serving: Serving,
  left: () => void,
): BroadcastChannel {
  const channel = new BroadcastChannel(link(lock, engine, tab));
  // What a tab leaves behind when it ends in the middle of an export would hold files.
  const exports = new Set<number>();
  const guest: Host = {
    ...host,
    export: async (from) => {
      const begun = await host.export(from);
      exports.add(begun.export);
      return begun;
    },
    endExport: (from, stream) => {
      exports.delete(stream);
      return host.endExport(from, stream);
    },
  };
  serveMessages(channel as Port, serving, guest);
  channel.postMessage({ kind: "value", id: 0, value: welcome });
  void navigator.locks.request(presence(lock, tab), async () => {
    left();
    channel.close();
    for (const stream of exports) await host.endExport(database, stream).catch(() => undefined);
  });
  return channel;
}
