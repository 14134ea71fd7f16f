/** What went wrong, named after what the caller can do about it. */
export type ErrorCode =
  | "invalid"
  | "schema"
  | "filter"
  | "conflict"
  | "busy"
  | "quota"
  | "corrupt"
  | "unsupported"
  | "unavailable"
  | "closed"
  | "aborted"
  | "timeout"
  | "internal";

/** Facts about an error, each a plain JSON value: a path, what was expected, what was found. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The one error class of this package. `code` and `details` survive the way out of a worker. */
export class SanderlingError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = "SanderlingError";
    this.code = code;
    this.details = details;
  }
}

/** An error as it crosses a message port, where error objects lose their class and their fields. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

const CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  "invalid",
  "schema",
  "filter",
  "conflict",
  "busy",
  "quota",
  "corrupt",
  "unsupported",
  "unavailable",
  "closed",
  "aborted",
  "timeout",
  "internal",
]);

export function toWire(error: unknown): WireError {
  const { code, message, details } = toSanderlingError(error);
  return { code, message, details };
}

export function fromWire(wire: WireError): SanderlingError {
  return new SanderlingError(wire.code, wire.message, wire.details);
}

/** Gives whatever was thrown its class: the engine throws plain `{ code, message, details }` objects. */
export function toSanderlingError(error: unknown): SanderlingError {
  if (error instanceof SanderlingError) return error;
  if (isWireError(error)) return fromWire(error);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SanderlingError("internal", message);
}

function isWireError(error: unknown): error is WireError {
  if (typeof error !== "object" || error === null) return false;
  const { code, message, details } = error as Partial<Record<keyof WireError, unknown>>;
  return CODES.has(code) && typeof message === "string" && typeof (details ?? {}) === "object";
}

/** The error for bad input: names the place, what was expected there and what was found. */
export function mismatch(code: ErrorCode, path: string, expected: string, found: string): SanderlingError {
  return new SanderlingError(code, `${path}: expected ${expected}, found ${found}`, { path, expected, found });
}

/** A short description of a value for error messages. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return value.length > 40 ? `a string of ${value.length} units` : JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return `the bigint ${value}`;
  if (typeof value === "undefined") return "undefined";
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return tag === "Object" ? "an object" : `an object of type ${tag}`;
}
