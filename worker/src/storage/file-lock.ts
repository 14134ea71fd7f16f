// Deno's permissions hide other processes, but Deno alone among JavaScript hosts has file locks that do not wait. A lock
// file that its owner holds this way tells by itself whether the owner lives, because the system drops it with the process.

interface LockableFile {
  tryLockSync(exclusive: boolean): boolean;
  close(): void;
}

interface DenoFiles {
  openSync(path: string, options: { readonly read: boolean; readonly write: boolean }): LockableFile;
}

/** Holds a file until the returned function is called or this process ends; undefined where the host cannot. */
export function holdFile(path: string): (() => void) | undefined {
  const file = lockable(path);
  if (file?.tryLockSync(true) === true) return () => file.close();
  file?.close();
  return undefined;
}

/** Whether some process holds a file; undefined where the host cannot tell. */
export function isHeld(path: string): boolean | undefined {
  const file = lockable(path);
  if (file === undefined) return undefined;
  try {
    // Shared, so that two who ask at the same time do not take each other for the owner.
    return !file.tryLockSync(false);
  } finally {
    file.close();
  }
}

function lockable(path: string): LockableFile | undefined {
  const deno = (globalThis as { Deno?: DenoFiles }).Deno;
  if (deno === undefined) return undefined;
  try {
    const file = deno.openSync(path, { read: true, write: true });
    // Deno before 2.7 has only locks that wait.
    if (typeof (file as Partial<LockableFile>).tryLockSync === "function") return file;
    file.close();
    return undefined;
  } catch {
    return undefined;
  }
}
