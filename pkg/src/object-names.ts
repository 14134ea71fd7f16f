// What a storage backend may be asked to hold, and which of it is the engine's own.

const OBJECT_NAME = /^[a-z0-9._-]{1,64}$/;

// docs/format.md: two manifest slots, write-ahead logs, segments and the tombstones beside them, each with a number in hex; and
// the copies of damaged ones that a repair has left.
const ENGINE_OBJECT = /^((manifest-[ab]|(wal|segment|tombstones)-[0-9a-f]{8,16})|damaged-.*)$/;

/** Whether this is a name that any backend must accept. */
export function isObjectName(name: string): boolean {
  return OBJECT_NAME.test(name) && name !== "." && name !== "..";
}

/** Whether the engine made this object, so that destroying a database may remove it. */
export function isEngineObject(name: string): boolean {
  return isObjectName(name) && ENGINE_OBJECT.test(name);
}

/** Data is gone before the slots that name it: what is left half-way is neither taken for a new database nor for what it was. */
export function inOrderOfRemoval(names: readonly string[]): string[][] {
  const isSlot = (name: string): boolean => name.startsWith("manifest-");
  return [names.filter((name) => !isSlot(name)), names.filter(isSlot)];
}

/** In OPFS every database is a folder of this folder. */
export const OPFS_FOLDER = "sanderling";

/** The name of a database in IndexedDB, and of its lock. */
export const indexedDbName = (name: string): string => `sanderling/indexeddb/${name}`;

/** The same of what a database in OPFS keeps in IndexedDB. */
export const opfsCompanionName = (name: string): string => `sanderling/opfs/${name}`;

/** A database's folder in OPFS: names may be any text, folder names may not. */
export function opfsFolderName(name: string): string {
  return encodeURIComponent(name).replace(/[.*'()!~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
