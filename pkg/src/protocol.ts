import type { WireError } from "./errors.js";
import type { Host } from "./host.js";
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

export type Request = Start | Call | Stop;

export type Reply =
  | { readonly kind: "progress"; readonly id: number; readonly done: number; readonly total: number }
  | { readonly kind: "value"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: WireError };

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
