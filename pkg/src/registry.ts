/** Something opened once and used by several holders. */
export interface Lease<T> {
  readonly value: T;
  /** Gives it back; the last one to do so closes it. A second call does nothing. */
  release(): Promise<void>;
}

export interface Registry<T> {
  /** Joins what is open under this key, or opens it. Waits for a closing that is under way. */
  acquire(key: string, open: () => Promise<T>): Promise<Lease<T>>;
  has(key: string): boolean;
}

interface Entry<T> {
  readonly opening: Promise<T>;
  holders: number;
}

/** Counts the holders of open things by key, so that a second open of the same thing joins the first. */
export function registry<T>(close: (value: T) => Promise<void>): Registry<T> {
  const entries = new Map<string, Entry<T>>();
  const closings = new Map<string, Promise<void>>();

  const release = async (key: string, entry: Entry<T>, value: T): Promise<void> => {
    entry.holders -= 1;
    if (entry.holders > 0) return;
    entries.delete(key);
    const closing = close(value);
    // Whoever opens next must wait, also for a closing that fails.
    const settled = closing.then(
      () => undefined,
      () => undefined,
    );
    closings.set(key, settled);
    await settled;
    if (closings.get(key) === settled) closings.delete(key);
    await closing;
  };

  const acquire = async (key: string, open: () => Promise<T>): Promise<Lease<T>> => {
    let entry = entries.get(key);
    if (entry === undefined) {
      const opening = Promise.resolve(closings.get(key)).then(open);
      entry = { opening, holders: 0 };
      entries.set(key, entry);
    }
    entry.holders += 1;
    const held = entry;
    try {
      const value = await held.opening;
      let released: Promise<void> | undefined;
      return { value, release: () => (released ??= release(key, held, value)) };
    } catch (error) {
      if (entries.get(key) === held) entries.delete(key);
      throw error;
    }
  };

  return { acquire, has: (key) => entries.has(key) || closings.has(key) };
}
