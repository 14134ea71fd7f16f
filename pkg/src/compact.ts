import type { Signal } from "./api.js";
import type { Handle, Host } from "./host.js";

// A compaction that is watched. Between two steps the engine's driver tells how far it has come and asks whether to stop; callbacks run
// when it has returned.

export interface CompactOptions {
  /** Rejects with "aborted". The work ends at its next step and nothing is changed, unless it was just taking effect. */
  readonly signal?: Signal | undefined;
  /** Milliseconds to wait at the most: then the call rejects with "timeout", and the work ends as if it was aborted. */
  readonly timeout?: number | undefined;
  /**
   * Told how far it has come, each time further, and at the end that all is done; never when the call has settled. What it throws
   * rejects the call, and the work ends as if it was aborted. Vectors and texts of a field count when all of them are done.
   */
  readonly onProgress?: ((progress: CompactProgress) => void) | undefined;
}

/** How much of the work is done: only what part of the total that is means something. */
export interface CompactProgress {
  readonly done: number;
  /** Above zero, and the same at each call. */
  readonly total: number;
}

/** Compacts for a caller who may go away: `isOver` tells whether it has. */
export async function compactWatched(
  host: Host,
  collection: Handle,
  onProgress: CompactOptions["onProgress"],
  isOver: () => boolean,
): Promise<void> {
  let [last, total] = [-1, 1];
  let thrown: { readonly error: unknown } | undefined;
  const tell = (done: number): void => {
    if (thrown !== undefined || done <= last || isOver()) return;
    last = done;
    try {
      onProgress?.({ done, total });
    } catch (error) {
      thrown = { error };
    }
  };
  try {
    await host.compact(collection, (done, of) => {
      total = Math.max(of, 1);
      // The engine is under way below this.
      void Promise.resolve().then(() => tell(done));
      return thrown !== undefined || isOver();
    });
    tell(total);
  } catch (error) {
    thrown ??= { error };
  }
  // TypeScript does not see that tell() may have set it.
  const end = thrown as { readonly error: unknown } | undefined;
  if (end !== undefined) throw end.error;
}
