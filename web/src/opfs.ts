import { SanderlingError } from "../../pkg/src/index.js";
import { OPFS_FOLDER, opfsFolderName } from "../../pkg/src/object-names.js";

/** Removes a database's folder from OPFS; "unavailable" while it is open anywhere. */
export async function destroyOpfs(name: string): Promise<void> {
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
