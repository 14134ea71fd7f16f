// The few globals beyond ECMAScript that pkg uses, so that it needs neither the DOM's types nor Node's.

declare namespace WebAssembly {
  interface Module {
    // Makes the type nominal enough that a plain object does not pass for a module.
    readonly [Symbol.toStringTag]?: string;
  }
  const Module: { readonly prototype: Module };
  const RuntimeError: { new (message?: string): Error; readonly prototype: Error };
  function instantiate(module: Module): Promise<{ readonly exports: object }>;
  function compile(bytes: ArrayBuffer | ArrayBufferView): Promise<Module>;
  function validate(bytes: ArrayBuffer | ArrayBufferView): boolean;
}

declare class URL {
  constructor(path: string, base: string);
  readonly href: string;
}

interface ImportMeta {
  readonly url: string;
}

declare class TextDecoder {
  constructor(encoding?: string, options?: { readonly fatal?: boolean });
  decode(bytes?: ArrayBufferView, options?: { readonly stream?: boolean }): string;
}

interface ReadableStreamDefaultController<T> {
  enqueue(chunk: T): void;
  close(): void;
  error(reason: unknown): void;
}

declare class ReadableStream<T> {
  constructor(
    source: {
      start?(controller: ReadableStreamDefaultController<T>): unknown;
      pull?(controller: ReadableStreamDefaultController<T>): unknown;
      cancel?(reason: unknown): unknown;
    },
    strategy: { readonly highWaterMark: number },
  );
  getReader(): object;
}

declare class AbortController {
  readonly signal: {
    readonly aborted: boolean;
    readonly reason: unknown;
    addEventListener(type: "abort", listener: () => void): void;
    removeEventListener(type: "abort", listener: () => void): void;
  };
  abort(reason?: unknown): void;
}

declare function setTimeout(run: () => void, milliseconds: number): unknown;
declare function clearTimeout(timer: unknown): void;

declare const performance: { now(): number };
