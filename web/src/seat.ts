import { fromWire, toSanderlingError, toWire } from "../../pkg/src/errors.js";
import type { Durability } from "../../pkg/src/engine.js";
import type { Handle, Host, OpenedDatabase } from "../../pkg/src/host.js";
import { SanderlingError } from "../../pkg/src/index.js";
import { link, presence, type Notice, type Reply } from "../../pkg/src/protocol.js";
import { isModule } from "../../pkg/src/wasm.js";
import { hold, type Held } from "./locks.js";
import { connect, type Port } from "./rpc.js";
import type { StartedWorker } from "./start-worker.js";

// One tab among those that have the same database open. One of them holds a Web Lock and has the engine: the leader. The others queue for
// the lock, and speak to the leader's worker through a BroadcastChannel each (docs/decisions/0020-tabs.md).

/** How often a tab that waits asks whether the leader lives, and how many questions without an answer are too many. */
const SEEK_MS = 500;
const SILENT_MAX = 5;
/** How long a tab waits that cannot open what it has the lock of: the worker has tried for two seconds then. */
const RETRY_MS = 50;

/** How long the last answers of a leader that closes may be on their way when the next one speaks up. */
const GRACE_MS = 100;

/** How long the worker of a leader that has closed tells others to go elsewhere. */
const LINGER_MS = 1_000;

/** How the engine is reached at present. */
export interface Link extends OpenedDatabase {
  readonly host: Host;
  readonly role: "leader" | "follower";
  /** Why it is of no use any more: what was under way was rejected with this. */
  lost?: SanderlingError;
}

export interface Plan {
  /** Names the database among all tabs. */
  readonly lock: string;
  readonly durability: Durability;
  /** Starts an engine of this tab's own, and is told when it ends by itself. */
  start(onEnd: (error: SanderlingError) => void): Promise<StartedWorker>;
  open(host: Host): Promise<OpenedDatabase>;
}

type OpenIn = Plan["open"];

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: SanderlingError): void;
}

function deferred<T>(): Deferred<T> {
  let [resolve, reject]: [Deferred<T>["resolve"], Deferred<T>["reject"]] = [() => undefined, () => undefined];
  const promise = new Promise<T>((...both) => ([resolve, reject] = both));
  // Perhaps nobody waits.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

export class Seat {
  readonly #plan: Plan;
  readonly #tab: string = crypto.randomUUID();
  readonly #control: BroadcastChannel;
  readonly #closing = new AbortController();
  #here: Held | undefined;
  #held: Held | undefined;
  #isQueued = false;
  #isOver = false;
  #wasOpen = false;
  /** Pending while there is no link for new calls. */
  #next: Deferred<Link> = deferred();
  #link: Link | undefined;
  /** Whether the link is for calls under way alone. */
  #isLeft = false;
  /** Ends what the link, or the one in the making, goes through. */
  #end: ((error: SanderlingError) => unknown) | undefined;
  #engine: StartedWorker | undefined;
  /** The engine of another tab. */
  #joined: string | undefined;
  #isDown = false;
  #calls = 0;
  #silent = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#control = new BroadcastChannel(plan.lock);
    this.#control.addEventListener("message", ({ data }: MessageEvent<Notice>) => this.#hear(data));
  }

  /** Opens the database here, or joins a tab that has it. With `alone` nobody else may have it open. */
  async take(alone?: OpenIn): Promise<Link> {
    try {
      this.#here = await hold(presence(this.#plan.lock, this.#tab));
      const held = await hold(this.#plan.lock, { ifAvailable: true });
      if (held !== undefined) void this.#lead(held, alone);
      else if (alone === undefined) this.#follow();
      else throw new SanderlingError("unavailable", "another tab has the database open");
      return await this.during(() => this.link());
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The link for a new call. */
  link(): Promise<Link> {
    if (this.#isDown && !this.#isOver) this.#follow();
    return this.#next.promise;
  }

  /** Nobody may wait for ever for a tab that is frozen: while calls are under way the leader is looked after. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#calls += 1;
    if (this.#timer === undefined) {
      this.#silent = 0;
      this.#timer = setInterval(() => this.#look(), SEEK_MS);
    }
    try {
      return await call();
    } finally {
      this.#calls -= 1;
    }
  }

  /** The engine behind this link takes no more calls; those under way may still be answered. */
  leave(gone: Link): void {
    if (this.#link !== gone || this.#isLeft) return;
    this.#isLeft = true;
    this.#next = deferred();
    this.#tell({ kind: "seek" });
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#closing.abort();
    clearInterval(this.#timer);
    try {
      if (this.#link?.role === "leader") await this.#link.host.close(this.#link.database);
    } finally {
      const end = this.#end;
      // Calls of other tabs are still on their way, and must be told that nothing is done of them.
      if (this.#held !== undefined) this.#end = (error) => setTimeout(() => end?.(error), LINGER_MS);
      this.#unlink(new SanderlingError("closed", "the database is closed"));
      this.#held?.release();
      this.#here?.release();
      this.#control.close();
    }
  }

  #tell(notice: Notice): void {
    if (!this.#isOver) this.#control.postMessage(notice);
  }

  #hear(notice: Notice): void {
    if (this.#held !== undefined) {
      if (notice.kind === "seek") this.#tell({ kind: "alive" });
      return;
    }
    // Those who do not wait for the lock have nothing to do with the others: before they know, and where it is all in memory.
    if (!this.#isQueued || notice.kind === "seek" || notice.kind === "join") return;
    this.#silent = 0;
    if (notice.kind === "taken") this.#unlink(ended());
    if (notice.kind === "stuck") this.#fail(fromWire(notice.error));
    if (notice.kind === "lead" && notice.engine !== this.#joined) void this.#join(notice.engine);
  }

  #look(): void {
    if (this.#calls === 0 || this.#held !== undefined || this.#link?.role === "leader") {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if ((this.#silent += 1) <= SILENT_MAX) {
      this.#tell({ kind: "seek" });
    } else {
      this.#silent = 0;
      void this.#wait({ steal: true });
    }
  }

  #follow(): void {
    this.#isDown = false;
    if (!this.#isQueued) {
      this.#isQueued = true;
      void this.#wait({ signal: this.#closing.signal }).finally(() => (this.#isQueued = false));
    }
    this.#tell({ kind: "seek" });
  }

  async #wait(options: LockOptions): Promise<void> {
    // Rejected only where this tab is closing.
    const held = await hold(this.#plan.lock, options).catch(() => undefined);
    if (this.#isOver) held?.release();
    else if (held !== undefined) void this.#lead(held);
  }

  async #lead(held: Held, alone?: OpenIn): Promise<void> {
    this.#held = held;
    this.#tell({ kind: "taken" });
    this.#unlink(ended());
    held.lost.catch(() => {
      if (this.#held !== held) return;
      this.#held = undefined;
      this.#unlink(new SanderlingError("unavailable", "this tab gave no sign of life, and another one took the database over"));
      if (!this.#isOver) this.#follow();
    });
    await this.#run(held, alone);
  }

  async #run(held: Held, alone?: OpenIn): Promise<void> {
    const isMine = (): boolean => this.#held === held && !this.#isOver;
    let engine: StartedWorker | undefined;
    try {
      engine = await this.#plan.start((error) => this.#ended(held, engine, error));
      if (isMine()) this.#end = engine.stop;
      const opened = await (alone ?? this.#patiently(isMine))(engine.host);
      if (!isMine()) throw new SanderlingError("closed", "the database is closed");
      await this.#show(held, opened, engine);
    } catch (error) {
      engine?.stop();
      if (!isMine()) return;
      this.#held = undefined;
      held.release();
      this.#isDown = true;
      this.#fail(toSanderlingError(error));
    }
  }

  // What is kept in memory is a tab's own, and a repair leaves nothing open.
  async #show(held: Held, opened: OpenedDatabase, engine: StartedWorker): Promise<void> {
    const { lock, durability } = this.#plan;
    const { database } = opened;
    const { host, share } = engine;
    const isShared = database > 0 && (await host.status(database)).storage !== "memory";
    if (isShared) {
      const name = crypto.randomUUID();
      await share({ lock, tab: this.#tab, engine: name, database, welcome: { ...opened, durability } });
      // The worker has this lock until it ends, which not every browser tells in every case.
      const gone = new SanderlingError("unavailable", "the worker has ended");
      void hold(presence(lock, name)).then((end) => [end!.release(), this.#ended(held, engine, gone)]);
    } else if (database > 0) {
      this.#held = undefined;
      held.release();
    }
    this.#engine = engine;
    this.#settle({ ...opened, host, role: "leader" });
  }

  // A frozen tab holds its files until it thaws.
  #patiently(isMine: () => boolean): OpenIn {
    const open: OpenIn = (host) =>
      this.#plan.open(host).catch(async (thrown: unknown) => {
        const error = toSanderlingError(thrown);
        if (error.code !== "unavailable" || !isMine()) throw error;
        this.#tell({ kind: "stuck", error: toWire(error) });
        if (!this.#wasOpen) throw error;
        this.#fail(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        return open(host);
      });
    return open;
  }

  // An engine that trapped, or whose worker was ended, is replaced: its files have what it acknowledged.
  #ended(held: Held, engine: StartedWorker | undefined, error: SanderlingError): void {
    if (engine === undefined || this.#engine !== engine) return;
    this.#unlink(error);
    if (this.#held === held) void this.#run(held);
    // What was in memory is gone.
    else this.#next.reject(error);
  }

  async #join(engine: string): Promise<void> {
    const { lock, durability } = this.#plan;
    this.#unlink(ended());
    this.#joined = engine;
    const channel = new BroadcastChannel(link(lock, engine, this.#tab));
    channel.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      this.#silent = 0;
      if (data.kind === "gone" && this.#joined === engine && this.#link !== undefined) this.leave(this.#link);
    });
    const connection = connect(channel as Port);
    this.#end = (error) => {
      connection.end(error);
      channel.close();
    };
    const welcome = connection.welcome();
    this.#tell({ kind: "join", engine, tab: this.#tab });
    // Without one there is another leader by now.
    const welcomed = await welcome.catch(() => undefined);
    if (welcomed === undefined) return;
    const { durability: found, ...opened } = welcomed;
    if (found === durability) {
      this.#settle({ ...opened, host: { ...connection.host, language: languageTo(connection.host) }, role: "follower" });
    } else {
      this.#fail(new SanderlingError("unavailable", `the database is open in another tab with durability "${found}"`));
    }
  }

  #settle(found: Link): void {
    this.#wasOpen = true;
    this.#link = found;
    this.#next.resolve(found);
  }

  #unlink(error: SanderlingError): void {
    const [left, end, isLeft] = [this.#link, this.#end, this.#isLeft];
    if (left !== undefined && !isLeft) this.#next = deferred();
    const finish = (): void => {
      if (left !== undefined) left.lost = error;
      end?.(error);
    };
    this.#isLeft = false;
    this.#link = this.#end = this.#joined = this.#engine = undefined;
    if (this.#isOver) this.#next.reject(error);
    if (isLeft && !this.#isOver) setTimeout(finish, GRACE_MS);
    else finish();
  }

  /** Rejects the calls that wait for a link; later ones wait for the next. */
  #fail(error: SanderlingError): void {
    if (this.#link !== undefined && !this.#isLeft) return;
    this.#next.reject(error);
    this.#next = deferred();
  }
}

const ended = (): SanderlingError => new SanderlingError("unavailable", "the tab that had the database open has ended, or is frozen");

function languageTo(host: Host): Host["language"] {
  return async (name, wasm) => {
    if (!isModule(wasm)) return host.language(name, wasm);
    const message = `another tab runs the engine, and a compiled module of the language "${name}" cannot be sent there: give its URL or bytes`;
    throw new SanderlingError("unsupported", message);
  };
}
