import { randomUUID } from "node:crypto";
import { execFileSync } from "node:child_process";
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { SanderlingError } from "../../../pkg/src/index.js";
import { holdFile, isHeld } from "./file-lock.js";

// One writer per folder, without waiting. LOCK names its owner as one JSON line; the native build writes the same record and
// follows the same steps. Whether an owner lives is decided by its process id together with that process's start time, so
// that a reused id does not pass for the owner. (Two containers that share a folder but not their process ids cannot see each
// other's processes, and must not open one database at a time.)
//
// A dead owner's lock is not simply replaced: of several processes that find it, exactly one may. They race to create
// LOCK.after-<owner>, which only one can, and its creator looks at LOCK once more before it moves a record of its own over
// it. A creator that dies half-way is an owner like any other: LOCK.after-<that creator> follows.

const LOCK = "LOCK";
const CLAIM_PREFIX = "LOCK.after-";

// Stands in a record where the host does not let us see when a process started.
const UNKNOWN_START = "unknown";

/** A lock file's content. */
interface LockRecord {
  readonly pid: number;
  readonly start: string;
  /** Tells threads of one process apart; they share pid and start. */
  readonly owner: string;
  /** The owner also holds the file itself (file-lock.ts); whoever can see that need not look for the process. */
  readonly held?: boolean;
}

/** What a lock file says: who owns it, or that nobody can be read from it (an empty file after a power cut). */
interface Owner {
  readonly file: string;
  /** Stands for this owner in the names of claims. */
  readonly id: string;
  readonly text: string;
  readonly record: LockRecord | undefined;
}

export interface ProcessLock {
  /** Removes the lock if it is still this one. A second call does nothing. */
  release(): void;
}

/** Takes the folder's lock, or throws "unavailable" when a living process has it. The folder exists. */
export function acquireProcessLock(folder: string): ProcessLock {
  // Complete before it gets a name that others read. It becomes the lock, and on the way there a claim.
  const temporary = join(folder, `LOCK.new-${process.pid}-${randomUUID()}`);
  writeFileSync(temporary, "", { flag: "wx" });
  const letGo = holdFile(temporary);
  try {
    const record = ownRecord(letGo !== undefined);
    writeFileSync(temporary, record);
    take(folder, temporary, record);
    return { release: once(() => release(folder, record, letGo)) };
  } catch (error) {
    letGo?.();
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function ownRecord(held: boolean): string {
  const record: LockRecord = { pid: process.pid, start: startOf(process.pid) ?? UNKNOWN_START, owner: randomUUID() };
  return `${JSON.stringify(held ? { ...record, held } : record)}\n`;
}

// Every turn ends with the lock, with an error, or because another process moved on; those are finitely many.
function take(folder: string, temporary: string, text: string): void {
  const lock = join(folder, LOCK);
  while (!linkExclusively(temporary, lock)) {
    const owner = readOwner(lock);
    if (owner === undefined) continue;
    refuseLiving(owner, folder);
    if (takeOver(folder, temporary, owner)) break;
  }
  if (readOwner(lock)?.text !== text) throw new SanderlingError("internal", `the lock in ${folder} is not ours`);
}

function release(folder: string, text: string, letGo: (() => void) | undefined): void {
  const lock = join(folder, LOCK);
  if (readOwner(lock)?.text === text) rmSync(lock, { force: true });
  letGo?.();
}

function once(call: () => void): () => void {
  let done = false;
  return () => {
    if (!done) call();
    done = true;
  };
}

/** Removes what other processes left behind while they raced or died. Only for the lock's holder. */
export function removeLockLitter(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^LOCK\.new-(\d+)-/.exec(name)?.[1];
    const stale = pid === undefined ? name.startsWith(CLAIM_PREFIX) : !exists(Number(pid));
    if (stale) rmSync(join(folder, name), { force: true });
  }
}

// Follows the claims on a dead owner's lock to the end of the chain and adds the next link. False: start over.
function takeOver(folder: string, temporary: string, dead: Owner): boolean {
  const lock = join(folder, LOCK);
  const seen = new Set<string>();
  let name = CLAIM_PREFIX + dead.id;
  while (!linkExclusively(temporary, join(folder, name))) {
    const claimant = readOwner(join(folder, name), name);
    if (claimant === undefined) return false;
    refuseLiving(claimant, folder);
    // Only owners without a known start can meet again in one chain.
    if (seen.has(name)) throw new SanderlingError("unavailable", `the claims in ${folder} run in a circle: remove LOCK.*`);
    seen.add(name);
    name = CLAIM_PREFIX + claimant.id;
  }
  if (readOwner(lock)?.text !== dead.text) {
    rmSync(join(folder, name), { force: true });
    return false;
  }
  renameSync(temporary, lock);
  // From here on LOCK names this process, and whoever makes a claim on the dead owner sees that and gives up.
  removeLockLitter(folder);
  return true;
}

function refuseLiving(owner: Owner, folder: string): void {
  const { record } = owner;
  if (record === undefined || !lives(record, owner.file)) return;
  const doubt = canReadStarts() ? "" : " (or was: this runtime may not see whether it still runs)";
  const message = `the database in ${folder} is open in process ${record.pid}${doubt}`;
  throw new SanderlingError("unavailable", message, { pid: record.pid, folder });
}

// When in doubt it lives: a lock that stays is a nuisance, a second writer is a loss.
function lives({ pid, start, held }: LockRecord, file: string): boolean {
  const seen = held === true ? isHeld(file) : undefined;
  if (seen !== undefined) return seen;
  if (!exists(pid)) return false;
  if (start === UNKNOWN_START || !canReadStarts()) return true;
  return startOf(pid) === start;
}

// Linking a complete file is atomic and fails when the name is taken, so nobody ever reads half a record.
function linkExclusively(temporary: string, target: string): boolean {
  try {
    linkSync(temporary, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

// `salt` keeps an unreadable claim on an unreadable owner from standing for that owner again.
function readOwner(file: string, salt = ""): Owner | undefined {
  let text: string;
  try {
    // One character per byte, so that garbage is told from other garbage.
    text = readFileSync(file, "latin1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const record = parseRecord(text);
  if (record === undefined) return { file, id: `unreadable-${hash(salt + text)}`, text, record };
  return { file, id: `${record.pid}-${hash(record.start)}`, text, record };
}

function parseRecord(text: string): LockRecord | undefined {
  try {
    const { pid, start, owner = "", held } = JSON.parse(text) as Partial<Record<keyof LockRecord, unknown>>;
    if (!Number.isSafeInteger(pid) || typeof start !== "string" || typeof owner !== "string") return undefined;
    return { pid: pid as number, start, owner, held: held === true };
  } catch {
    return undefined;
  }
}

// FNV-1a with 64 bits: the native build computes the same names.
function hash(bytes: string): string {
  let state = 0xcbf29ce484222325n;
  for (let at = 0; at < bytes.length; at += 1) {
    state = BigInt.asUintN(64, (state ^ BigInt(bytes.charCodeAt(at))) * 0x100000001b3n);
  }
  return state.toString(16).padStart(16, "0");
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Any other error means that it may not be signalled, not that it is gone.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

let startsReadable: boolean | undefined;

function canReadStarts(): boolean {
  return (startsReadable ??= startOf(process.pid) !== undefined);
}

/** When a process started, in words that no other process of this machine shares with its id; undefined if there is none. */
function startOf(pid: number): string | undefined {
  try {
    return process.platform === "linux" ? linuxStart(pid) : listedStart(pid);
  } catch {
    return undefined;
  }
}

// Clock ticks since boot, made unique over reboots by the boot's id.
function linuxStart(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Field 2 is the program's name in parentheses and may contain anything; field 22 is the 20th after it.
  const after = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended and only waits for its parent to notice, once the last of its threads (field 20) is gone too.
  if ((after[0] === "Z" || after[0] === "X") && Number(after[17]) <= 1) return undefined;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}:${after[19]}`;
}

function listedStart(pid: number): string | undefined {
  const listed = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return listed.trim() || undefined;
}
