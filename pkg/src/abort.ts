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

/** Runs a call under a signal and for so many milliseconds at the most. */
export async function bounded<T>(
  { signal, timeout }: { readonly signal?: Signal | undefined; readonly timeout?: number | undefined },
  name: string,
  call: () => Promise<T>,
): Promise<T> {
  if (timeout === undefined) return abortable(signal, call);
  return abortable(
    signal,
    () =>
      new Promise<T>((resolve, reject) => {
        const late = (): void => reject(new SanderlingError("timeout", `${name} took longer than ${timeout} ms`, { timeout }));
        const timer = setTimeout(late, timeout);
        call()
          .then(resolve, reject)
          .finally(() => clearTimeout(timer));
      }),
  );
}

/** The error of a call whose signal was aborted. */
export function aborted(signal: Signal): SanderlingError {
  const { reason } = signal;
  const why = reason instanceof Error ? reason.message : String(reason ?? "no reason was given");
  return new SanderlingError("aborted", `the call was aborted: ${why}`, { reason: why });
}
