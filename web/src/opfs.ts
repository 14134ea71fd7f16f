import { SanderlingError } from "../../pkg/src/index.js";
import { destroyIndexedDb } from "../../pkg/src/indexeddb.js";
import { OPFS_FOLDER, opfsCompanionName, opfsFolderName } from "../../pkg/src/object-names.js";

/** Whether OPFS has a folder of a database, as far as this page can tell. */
export async function isInOpfs(name: string): Promise<boolean> {
  try {
    const root = await navigator.storage.getDirectory();
    await (await root.getDirectoryHandle(OPFS_FOLDER)).getDirectoryHandle(opfsFolderName(name));
    return true;
  } catch {
    // It is not there, or there is no OPFS.
    return false;
  }
}

/** Removes a database from OPFS, and what it has in IndexedDB; "unavailable" while it is open anywhere. */
export async function destroyOpfs(name: string): Promise<void> {
  await removeFolder(name);
  // In this order: what is left half-way says that files are missing, and is no new database.
  await destroyIndexedDb(opfsCompanionName(name));
}

async function removeFolder(name: string): Promise<void> {
  const storage: Partial<StorageManager> | undefined = navigator.storage;
  // Without OPFS nothing was ever stored in it.
  if (typeof storage?.getDirectory !== "function") return;
  try {
    const root = await storage.getDirectory.call(storage);
    const folder = await root.getDirectoryHandle(OPFS_FOLDER);
    await folder.removeEntry(opfsFolderName(name), { recursive: true });
  } catch (error) {
    const { name: kind, message } = error as DOMException;
    if (kind === "NotFoundError") return;
    const open = kind === "NoModificationAllowedError" || kind === "InvalidModificationError";
    throw new SanderlingError("unavailable", open ? `the database "${name}" is open elsewhere` : message, { kind });
  }
}
