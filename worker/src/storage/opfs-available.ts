import { OPFS_FOLDER } from "../../../pkg/src/object-names.js";

/** Whether OPFS has a folder of a database. */
export async function hasOpfsFolder(folder: string): Promise<boolean> {
  const root = await navigator.storage.getDirectory();
  return root
    .getDirectoryHandle(OPFS_FOLDER)
    .then((all) => all.getDirectoryHandle(folder))
    .then(
      () => true,
      () => false,
    );
}

/** Why OPFS cannot be used in this worker, or undefined when it can. */
export async function opfsProblem(): Promise<string | undefined> {
  // Absent outside secure contexts, and in old browsers.
  const storage: Partial<StorageManager> | undefined = navigator.storage;
  if (typeof storage?.getDirectory !== "function") return "this browser has no OPFS here (it needs a secure context)";
  if (!("createSyncAccessHandle" in FileSystemFileHandle.prototype)) return "this browser's OPFS has no synchronous access";
  try {
    // Refused in private windows of some browsers and in sandboxed frames.
    await storage.getDirectory.call(storage);
    return undefined;
  } catch (error) {
    return `this browser refuses OPFS here: ${String(error)}`;
  }
}
