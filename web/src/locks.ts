/** Whether there are Web Locks: not outside secure contexts nor in frames without an origin, where there is nothing to share either. */
export const hasLocks = (): Promise<boolean> =>
  Promise.resolve((navigator as { readonly locks?: LockManager }).locks?.query()).then(
    (found) => found !== undefined,
    () => false,
  );

/** A Web Lock that this tab holds. */
export interface Held {
  release(): void;
  /** Rejects when another tab has stolen the lock. */
  readonly lost: Promise<unknown>;
}

/** Waits for a lock; undefined where it is only wanted if nobody has it. */
export function hold(name: string, options: LockOptions = {}): Promise<Held | undefined> {
  return new Promise((resolve, reject) => {
    const lost: Promise<unknown> = navigator.locks.request(name, options, (lock) => {
      if (lock === null) return resolve(undefined);
      return new Promise<void>((release) => resolve({ release, lost }));
    });
    lost.catch(reject);
  });
}
