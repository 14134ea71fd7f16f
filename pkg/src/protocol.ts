import type { Durability } from "./engine.js";
import type { WireError } from "./errors.js";
import type { Handle, Host, OpenedDatabase } from "./host.js";
import type { SimdLevel, WasmModule } from "./wasm.js";

// Everything that crosses the port between a page and its engine. One call is one message and one reply; before that one a call that
// reports is told of by further ones, and may be asked to stop.

export type HostMethod = keyof Host;

/** The first message to a worker. Its reply has id 0. */
export interface Start {
  readonly kind: "start";
  readonly id: 0;
  readonly module: WasmModule;
  readonly simd: SimdLevel;
}

/** A call, one member of the union per method of Host. */
export type Call = {
  [M in HostMethod]: {
    readonly kind: "call";
    readonly id: number;
    readonly method: M;
    readonly args: Parameters<Host[M]>;
    /** Whether the one who calls has a function for reports, which would be the last argument. */
    readonly reports?: boolean;
  };
}[HostMethod];

/** Asks a call that reports to stop. It is replied to either way. */
export interface Stop {
  readonly kind: "stop";
  readonly id: number;
}

/** Makes a database that is open in this engine one of several tabs. */
export interface Share {
  readonly kind: "share";
  readonly id: number;
  /** The Web Lock that is held by the one tab whose engine has the database, and the name of the channel between all of them. */
  readonly lock: string;
  /** The tab that this engine belongs to. Every tab holds `presence(lock, tab)` while it has the database open. */
  readonly tab: string;
  /** Another one for each engine that is started. */
  readonly engine: string;
  readonly database: Handle;
  readonly welcome: Welcome;
}

/** What a tab is told that joins: the value of the first reply, with id 0. */
export interface Welcome extends OpenedDatabase {
  readonly durability: Durability;
}

export type Request = Start | Call | Stop | Share;

/** An error with id 0 that answers no start is the last message: the engine must not be entered again. */
export type Reply =
  | { readonly kind: "progress"; readonly id: number; readonly done: number; readonly total: number }
  | { readonly kind: "value"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: WireError }
  /** To another tab: the database is closing here, and nothing was done. With id 0 it is told before anybody asks. */
  | { readonly kind: "gone"; readonly id: number };

/** What the tabs that have a database open tell all others, through the channel named after its lock. */
export type Notice =
  /** Who has the engine, and does it live? */
  | { readonly kind: "seek" }
  /** This engine has the database, and takes others in. */
  | { readonly kind: "lead"; readonly engine: string }
  /** This tab listens on the channel `link(lock, engine, tab)`, and wants to be served there. */
  | { readonly kind: "join"; readonly engine: string; readonly tab: string }
  /** This tab has just got the lock: no other engine is of use any more. */
  | { readonly kind: "taken" }
  /** The tab that holds the lock lives, whatever its engine is busy with. */
  | { readonly kind: "alive" }
  /** The tab that holds the lock could not open the database. */
  | { readonly kind: "stuck"; readonly error: WireError };

/** The Web Lock that a tab, or an engine, holds as long as it lives. */
export const presence = (lock: string, one: string): string => `${lock}/${one}`;
/** The channel between an engine and a tab. */
export const link = (lock: string, engine: string, tab: string): string => `${lock}/${engine}/${tab}`;

/** The buffers that a message may give away instead of copying: those of its typed arrays, each once. */
export function transferables(value: unknown, found: Set<ArrayBuffer> = new Set()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (Array.isArray(value)) {
    for (const element of value) transferables(element, found);
  } else if (typeof value === "object" && value !== null && "json" in value) {
    // Answers and queries of host.ts; other objects hold no typed arrays.
    for (const member of Object.values(value)) transferables(member, found);
  }
  return found;
}
