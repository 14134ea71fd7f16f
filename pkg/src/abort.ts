import type { Signal } from "./api.js";
import { SanderlingError } from "./errors.js";

/** Runs a call under a signal: not at all when it is aborted already, and without waiting further once it is. */
export async function abortable<T>(signal: Signal | undefined, call: () => Promise<T>): Promise<T> {
  if (signal === undefined) return call();
  if (signal.aborted) throw aborted(signal);
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(aborted(signal));
    signal.addEventListener("abort", stop);
    call()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}

/** The error of a call whose signal was aborted. */
export function aborted(signal: Signal): SanderlingError {
  const { reason } = signal;
  const why = reason instanceof Error ? reason.message : String(reason ?? "no reason was given");
  return new SanderlingError("aborted", `the call was aborted: ${why}`, { reason: why });
}
