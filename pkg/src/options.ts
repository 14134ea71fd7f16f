import type { Signal } from "./api.js";
import { describe, mismatch, SanderlingError } from "./errors.js";

/** Says what a value should have been, or undefined when it is right. */
export type Check = (value: unknown) => string | undefined;

/** The options of one call: those that exist, and those of the contract that this version does not have. */
export interface OptionRules {
  readonly call: string;
  readonly known: Readonly<Record<string, Check>>;
  readonly later?: readonly string[];
}

export const isSignal: Check = (value) =>
  typeof (value as Partial<Signal> | null)?.addEventListener === "function" ? undefined : "an AbortSignal";

// Beyond that the timers of hosts go off at once.
const TIMEOUT_MAX = 2 ** 31 - 1;

export const isTimeout: Check = (value) =>
  typeof value === "number" && value >= 0 && value <= TIMEOUT_MAX ? undefined : `milliseconds from 0 to ${TIMEOUT_MAX}`;

/** What every call takes. */
export const CALL_OPTIONS: { readonly signal: Check; readonly timeout: Check } = { signal: isSignal, timeout: isTimeout };

export const isBoolean: Check = (value) => (typeof value === "boolean" ? undefined : "a boolean");

export const isString: Check = (value) => (typeof value === "string" ? undefined : "a string");

export const isFunction: Check = (value) => (typeof value === "function" ? undefined : "a function");

/** For values whose meaning the engine checks. */
export const isAnything: Check = () => undefined;

export function oneOf(...values: readonly unknown[]): Check {
  const expected = values.map((value) => JSON.stringify(value)).join(" or ");
  return (value) => (values.includes(value) ? undefined : expected);
}

/** Checks an options object: undefined counts as absent, a name nobody knows is an error. Returns what was given. */
export function checkOptions<T extends object>(given: T | undefined, rules: OptionRules): T {
  if (given === undefined) return {} as T;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw mismatch("invalid", `options of ${rules.call}`, "an object", describe(given));
  }
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) checkOption(name, value, rules);
  }
  return given;
}

function checkOption(name: string, value: unknown, rules: OptionRules): void {
  if (rules.later?.includes(name)) {
    if (value === false) return; // that is what this version does
    const message = `${rules.call}: the option "${name}" is not supported by this version`;
    throw new SanderlingError("unsupported", message, { option: name });
  }
  const check = Object.hasOwn(rules.known, name) ? rules.known[name] : undefined;
  if (check === undefined) {
    const names = Object.keys(rules.known).join(", ");
    throw mismatch("invalid", `options of ${rules.call}`, `some of ${names}`, `"${name}"`);
  }
  const expected = check(value);
  if (expected !== undefined) throw mismatch("invalid", `${rules.call}: ${name}`, expected, describe(value));
}
