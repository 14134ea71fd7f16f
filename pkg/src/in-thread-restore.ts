import type { EngineDatabase, EngineModule, EngineStorage } from "./engine.js";
import { fromWire, SanderlingError } from "./errors.js";
import type { Handle, Host, HostStorage } from "./host.js";

/** A stream on its way into the engine, which asks for a piece when it has dealt with the one before. */
interface Pipe {
  /** Resolves when the engine asks. */
  wanted: Promise<void>;
  give(bytes: Uint8Array | undefined): void;
  fail(error: SanderlingError): void;
  readonly done: Promise<EngineDatabase>;
}

/** Turns the pieces that a caller gives into those that the engine asks for. */
export function restoreCalls(
  engine: EngineModule,
  guarded: <T>(call: () => Promise<T>) => Promise<T>,
  opened: (database: EngineDatabase) => Handle,
): Pick<Host, "restore" | "restorePiece" | "endRestore"> {
  const pipes = new Map<Handle, Pipe>();
  let handles = 0;

  const pipeOf = (handle: Handle): Pipe => {
    const pipe = pipes.get(handle);
    if (pipe === undefined) throw new SanderlingError("closed", "the restore has ended");
    return pipe;
  };
  // What the engine says first: that it wants more, or why it does not.
  const wanted = async (handle: Handle, pipe: Pipe): Promise<void> => {
    try {
      await Promise.race([pipe.wanted, pipe.done]);
    } catch (error) {
      pipes.delete(handle);
      throw error;
    }
  };

  return {
    restore: async (name, storage, manner, replace) => {
      const options = { name, storage: engineStorage(storage), ...manner, replace };
      const pipe = pipeInto((next) => guarded(() => engine.restore(options, next)));
      const handle = (handles += 1);
      pipes.set(handle, pipe);
      await wanted(handle, pipe);
      return { restore: handle };
    },
    restorePiece: async (handle, bytes) => {
      const pipe = pipeOf(handle);
      pipe.give(bytes);
      await wanted(handle, pipe);
    },
    endRestore: async (handle, error) => {
      const pipe = pipeOf(handle);
      pipes.delete(handle);
      if (error === undefined) pipe.give(undefined);
      else pipe.fail(fromWire(error));
      return { database: opened(await pipe.done) };
    },
  };
}

function pipeInto(start: (next: () => Promise<Uint8Array | undefined>) => Promise<EngineDatabase>): Pipe {
  let asked: { resolve(bytes: Uint8Array | undefined): void; reject(error: SanderlingError): void } | undefined;
  let announce: () => void = () => undefined;
  const next = (): Promise<Uint8Array | undefined> =>
    new Promise((resolve, reject) => {
      asked = { resolve, reject };
      announce();
    });
  // Who gives does not wait for itself: the promise of the next question is made before the answer to this one.
  const taken = (): NonNullable<typeof asked> => {
    if (asked === undefined) throw new SanderlingError("internal", "a piece came before it was asked for");
    const waiting = asked;
    asked = undefined;
    pipe.wanted = new Promise((resolve) => (announce = resolve));
    return waiting;
  };
  const first = new Promise<void>((resolve) => (announce = resolve));
  const done = start(next);
  // Somebody always looks at it, but perhaps later than it fails.
  done.catch(() => undefined);
  const pipe: Pipe = {
    wanted: first,
    give: (bytes) => taken().resolve(bytes),
    fail: (error) => taken().reject(error),
    done,
  };
  return pipe;
}

/** The storage that the engine is to use, once it was chosen. */
export function engineStorage(storage: HostStorage): EngineStorage {
  if (storage === "memory" || typeof storage === "object") return storage;
  throw new SanderlingError("internal", "the storage must be chosen before the engine opens it");
}
