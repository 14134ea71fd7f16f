import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
  constants,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { SanderlingError, type StorageBackend, type StoredObject } from "../../../pkg/src/index.js";
import type { FileStorage } from "../../../pkg/src/in-thread-platform.js";
import { inOrderOfRemoval, isEngineObject, isObjectName } from "../../../pkg/src/object-names.js";
import { acquireProcessLock, removeLockLitter } from "./process-lock.js";

/** Databases as folders of the local file system, for Node, Deno and Bun. */
export const nodeFiles: FileStorage = {
  folder: (path, name) => join(resolve(path), name),
  open: openFolder,
  destroy: destroyFolder,
};

// Descriptors kept open at a time; further files are opened again when they are needed.
const OPEN_FILES_MAX = 64;

interface OpenFile {
  readonly descriptor: number;
  size: number;
}

/** Opens a database's folder, creating it if absent, and holds its lock until `close`. */
export function openFolder(folder: string): StorageBackend {
  const lock = toTyped(() => {
    createFolder(folder, syncFolder);
    return acquireProcessLock(folder);
  });
  const files = openFiles(folder);
  let closed = false;
  const use = <T>(call: () => T): T => {
    if (closed) throw new SanderlingError("closed", `the storage in ${folder} is closed`);
    return call();
  };
  return {
    kind: "fs",
    list: () => use(() => listFolder(folder)),
    read: (name, offset, length) => use(() => readAll(files.get(name, false), offset, length)),
    readSync: (name, offset, into) =>
      use(() => {
        if (fill(files.get(name, false).descriptor, offset, into) === into.length) return;
        throw new SanderlingError("unavailable", `${name} ends before ${offset + into.length}`, { file: name });
      }),
    append: (name, bytes, { durable }) =>
      use(() => {
        const file = files.get(name, true);
        appendAll(file, bytes);
        if (durable) files.sync(file);
      }),
    write: (name, bytes, { durable }) =>
      use(() => {
        const file = files.get(name, true);
        writeAll(file.descriptor, bytes, 0);
        ftruncateSync(file.descriptor, bytes.length);
        file.size = bytes.length;
        if (durable) files.sync(file);
      }),
    remove: (name) =>
      use(() => {
        files.close(name);
        rmSync(join(folder, checkName(name)), { force: true });
      }),
    close: () => {
      if (closed) return;
      closed = true;
      files.closeAll();
      lock.release();
    },
  };
}

/**
 * Creates a folder with those above it. Each name that was not there is made durable; that of the folder itself in any case,
 * because a process may have ended between its creation and that.
 */
export function createFolder(folder: string, sync: (folder: string) => void): void {
  const first = mkdirSync(folder, { recursive: true }) ?? folder;
  for (let below = resolve(folder); ; below = dirname(below)) {
    try {
      sync(dirname(below));
    } catch (error) {
      // A folder that cannot be opened is somebody else's, and was there before.
      if (!["EACCES", "EPERM"].includes(String((error as NodeJS.ErrnoException).code))) throw error;
    }
    if (below === resolve(first) || below === dirname(below)) return;
  }
}

/** Removes a database's files, and its folder if nothing else is in it. "unavailable" while it is open. */
export function destroyFolder(folder: string): void {
  toTyped(() => {
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) return;
    const lock = acquireProcessLock(folder);
    try {
      const ours = listFolder(folder).flatMap(({ name }) => (isEngineObject(name) ? [name] : []));
      for (const names of inOrderOfRemoval(ours)) {
        for (const name of names) rmSync(join(folder, name));
        syncFolder(folder); // also what an earlier attempt has removed
      }
      removeLockLitter(folder);
    } finally {
      lock.release();
    }
    removeIfEmpty(folder);
  });
}

interface OpenFiles {
  get(name: string, create: boolean): OpenFile;
  /** Makes a file's bytes and the names of all new files durable. */
  sync(file: OpenFile): void;
  close(name: string): void;
  closeAll(): void;
}

function openFiles(folder: string): OpenFiles {
  // In the order of last use, because a Map keeps the order of insertion.
  const open = new Map<string, OpenFile>();
  // At first any name may not be durable yet: whoever made it may have been killed.
  let namesToSync = true;

  const close = (name: string): void => {
    const file = open.get(name);
    open.delete(name);
    if (file !== undefined) closeSync(file.descriptor);
  };

  const get = (name: string, create: boolean): OpenFile => {
    let file = open.get(name);
    if (file === undefined) {
      const path = join(folder, checkName(name));
      namesToSync ||= create && statSync(path, { throwIfNoEntry: false }) === undefined;
      const descriptor = openSync(path, constants.O_RDWR | (create ? constants.O_CREAT : 0));
      file = { descriptor, size: fstatSync(descriptor).size };
    }
    open.delete(name);
    open.set(name, file);
    if (open.size > OPEN_FILES_MAX) close(open.keys().next().value!);
    return file;
  };

  const sync = (file: OpenFile): void => {
    fdatasyncSync(file.descriptor);
    if (namesToSync) syncFolder(folder);
    namesToSync = false;
  };

  return { get, sync, close, closeAll: () => [...open.keys()].forEach(close) };
}

function listFolder(folder: string): StoredObject[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((found) => found.isFile() && isObjectName(found.name))
    .map(({ name }) => ({ name, size: statSync(join(folder, name)).size }));
}

// One call may read or write less than it was asked to, so both are loops.

function readAll(file: OpenFile, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, file.size - offset)));
  return bytes.subarray(0, fill(file.descriptor, offset, bytes));
}

function fill(descriptor: number, offset: number, into: Uint8Array): number {
  let done = 0;
  while (done < into.length) {
    const count = readSync(descriptor, into, done, into.length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function appendAll(file: OpenFile, bytes: Uint8Array): void {
  try {
    writeAll(file.descriptor, bytes, file.size);
  } catch (error) {
    // Half an append would stand between the whole ones before and after it.
    ftruncateSync(file.descriptor, file.size);
    throw error;
  }
  file.size += bytes.length;
}

function writeAll(descriptor: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
}

function checkName(name: string): string {
  if (isObjectName(name)) return name;
  throw new SanderlingError("invalid", `object name: expected [a-z0-9._-]{1,64}, found ${JSON.stringify(name)}`, { name });
}

// A new file is only durable once its folder is. Windows does not let folders be opened and needs no such step.
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Somebody's own files, or another process that has just opened the database anew.
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw error;
  }
}

// The engine translates errors of its own calls; these happen before or after there is an engine.
function toTyped<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof SanderlingError) throw error;
    const { code = "", message } = error as NodeJS.ErrnoException;
    const full = code === "ENOSPC" || code === "EDQUOT";
    throw new SanderlingError(full ? "quota" : "unavailable", message, { code });
  }
}
