import type { ByteStream, RestoreSource, Signal } from "./api.js";
import { aborted } from "./abort.js";
import type { Manner } from "./engine.js";
import { describe, mismatch, SanderlingError, toSanderlingError, toWire } from "./errors.js";
import type { Handle, Host, HostStorage, OpenedDatabase } from "./host.js";

// A database as one stream of bytes: out of the engine piece by piece, and into it.

const PIECE_BYTES = 1 << 20;

/** What the engine exports, read from it as the reader asks. */
export async function exportStream(host: Host, database: Handle, signal: Signal | undefined): Promise<ByteStream> {
  const { export: stream, bytes } = await host.export(database);
  let offset = 0;
  let ended: Promise<void> | undefined;
  let stop: (() => void) | undefined;
  const end = (): Promise<void> => {
    if (stop !== undefined) signal?.removeEventListener("abort", stop);
    return (ended ??= host.endExport(database, stream));
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const piece = await host.exportPiece(database, stream, offset, PIECE_BYTES);
      if (ended !== undefined) return;
      offset += piece.length;
      controller.enqueue(piece);
    } catch (error) {
      await end().catch(() => undefined);
      throw error;
    }
    if (offset < bytes) return;
    controller.close();
    await end();
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        if (signal === undefined) return;
        stop = () => {
          controller.error(aborted(signal));
          // Nobody reads on; that the database was closed meanwhile is no news.
          end().catch(() => undefined);
        };
        signal.addEventListener("abort", stop);
        if (signal.aborted) stop();
      },
      pull,
      cancel: () => end().catch(() => undefined),
    },
    { highWaterMark: 0 },
  ) as ByteStream;
}

/** Sends a stream into a database that is restored, and answers it open. */
export async function restoreFrom(
  host: Host,
  name: string,
  storage: HostStorage,
  manner: Manner,
  replace: boolean,
  source: RestoreSource,
  signal: Signal | undefined,
): Promise<OpenedDatabase> {
  const pieces = piecesOf(source);
  const { restore, ...reason } = await host.restore(name, storage, manner, replace);
  const stop = (): void => void pieces.cancel(signal?.reason);
  signal?.addEventListener("abort", stop);
  let failure: { error: unknown } | undefined;
  let isRunning = true;
  try {
    for (;;) {
      const piece = await pieces.next();
      // A stream that was cancelled seems to be at its end.
      if (signal?.aborted === true) throw aborted(signal);
      if (piece === undefined) break;
      for (let from = 0; from < piece.length; from += PIECE_BYTES) {
        isRunning = false; // an error of the engine ends the restore
        // A copy: what crosses to a worker is given away, and the source may still need its own.
        await host.restorePiece(restore, piece.slice(from, from + PIECE_BYTES));
        isRunning = true;
      }
    }
  } catch (error) {
    failure = { error };
    await pieces.cancel(error);
  }
  signal?.removeEventListener("abort", stop);
  if (failure === undefined) return { ...(await host.endRestore(restore, undefined)), ...reason };
  if (!isRunning) throw failure.error;
  const cause = toSanderlingError(failure.error);
  // What the source threw is not an error of the engine.
  const told = cause.code === "internal" ? new SanderlingError("unavailable", `the stream failed: ${cause.message}`) : cause;
  await host.endRestore(restore, toWire(told));
  throw told;
}

interface Pieces {
  next(): Promise<Uint8Array | undefined>;
  cancel(reason: unknown): Promise<void>;
}

function piecesOf(source: RestoreSource): Pieces {
  if (source instanceof ArrayBuffer) return piecesOfBytes(new Uint8Array(source));
  if (ArrayBuffer.isView(source)) {
    return piecesOfBytes(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  if (typeof source === "object" && source !== null) {
    if ("getReader" in source && typeof source.getReader === "function") return piecesOfStream(source);
    if ("stream" in source && typeof source.stream === "function") return piecesOf(source.stream() as RestoreSource);
  }
  throw mismatch("invalid", "restore", "a ReadableStream, a Blob or bytes", describe(source));
}

function piecesOfBytes(bytes: Uint8Array): Pieces {
  let rest: Uint8Array | undefined = bytes;
  return {
    next: () => {
      const all = rest;
      rest = undefined;
      return Promise.resolve(all);
    },
    cancel: () => Promise.resolve(),
  };
}

function piecesOfStream(stream: { getReader(): unknown }): Pieces {
  const reader = stream.getReader() as {
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
    cancel(reason: unknown): Promise<unknown>;
  };
  return {
    next: async () => {
      const { done, value } = await reader.read();
      if (done) return undefined;
      if (value instanceof Uint8Array) return value;
      throw mismatch("invalid", "a piece of the stream", "a Uint8Array", describe(value));
    },
    cancel: async (reason) => {
      await reader.cancel(reason).catch(() => undefined);
    },
  };
}
