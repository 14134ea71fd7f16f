// A program that measures one index: it says what it built, then does what each line of its input says.
import { environment, Explained } from "../workspace.mjs";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

// One thread each, whatever a library would like.
const ONE_THREAD = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1", RAYON_NUM_THREADS: "1" };

export class Contender {
  /** The record of what was built. */
  built;
  /** Settings by name: recall, and the times of every query by round. */
  settings = new Map();
  /** The same for filters. */
  filters = new Map();
  /** Other records by kind. */
  others = {};

  #child;
  #lines;

  /** `kind` is native, wasm, python, rust or node; `program` has command, args and perhaps env. */
  constructor(name, kind, program) {
    Object.assign(this, { name, kind, program });
  }

  /** Starts the program and waits until its index is built. */
  async start() {
    const { command, args, env } = this.program;
    this.#child = spawn(command, args, { env: environment({ ...ONE_THREAD, ...env }), stdio: ["pipe", "pipe", "inherit"] });
    const failed = new Promise((_, reject) => this.#child.on("error", reject));
    failed.catch(() => {}); // seen by whoever waits for a line
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stdin.on("error", () => {}); // the missing line says so
    this.failed = failed;
    this.built = await this.#next();
  }

  async #next() {
    const { value, done } = await Promise.race([this.#lines.next(), this.failed]);
    if (done) throw new Explained(`${this.name} ended before it was done`);
    return JSON.parse(value);
  }

  /** Lets it measure `round`, `filters` or `bandwidth`. */
  async measure(command) {
    this.#child.stdin.write(`${command}\n`);
    for (let record = await this.#next(); record.kind !== "done"; record = await this.#next()) this.#note(record);
  }

  #note(record) {
    const lists = { round: this.settings, filter: this.filters };
    const list = lists[record.kind];
    if (list === undefined) {
      this.others[record.kind] = record;
      return;
    }
    const key = record.kind === "filter" ? `${record.setting} at ${record.target}` : record.setting;
    const known = list.get(key) ?? { ...record, rounds: [] };
    known.rounds.push(record.us);
    list.set(key, known);
  }

  /** The same, ended where it takes longer than so many seconds. */
  async measureWithin(command, seconds) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Explained(`${command} took more than ${seconds} s`)), seconds * 1e3);
    });
    try {
      await Promise.race([this.measure(command), late]);
    } catch (error) {
      this.#child.kill("SIGKILL");
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  stop() {
    this.#child?.stdin.end();
  }
}

/** The one in the middle. */
export const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * The mean and the median of the queries' times in microseconds. The time of a query is the middle one of its rounds, so
 * that what else the machine did meanwhile hardly counts.
 */
export function times({ rounds }) {
  const each = rounds[0].map((_, query) => middle(rounds.map((round) => round[query])));
  return { mean: each.reduce((sum, one) => sum + one, 0) / each.length, p50: middle(each) };
}

/** What a contender measured, without the times of the single queries. */
export function summarised({ name, kind, built, settings, filters, others }) {
  const list = (map) => [...map.values()].map(({ rounds, us, kind: _, ...rest }) => ({ ...rest, ...times({ rounds }) }));
  return { name, kind, built, settings: list(settings), filters: list(filters), ...others };
}

// A miss in ten thousand is as good as none.
const misses = ({ recall }) => Math.log(Math.max(1 - recall, 1e-4));

/**
 * The time at a recall: between the two settings on either side, on a line through the logarithms of misses and times.
 * `bound` is `>=` where even the lowest setting finds more; undefined where none finds enough.
 */
export function timeAt(settings, recall, key = "mean") {
  const enough = settings.filter((setting) => setting.recall >= recall).sort((a, b) => a[key] - b[key])[0];
  if (enough === undefined) return undefined;
  const below = settings.filter((one) => one.recall < recall && one[key] < enough[key]).sort((a, b) => b.recall - a.recall)[0];
  if (below === undefined) return { time: enough[key], recall: enough.recall, isBound: enough.recall > recall };
  const part = (misses({ recall }) - misses(below)) / (misses(enough) - misses(below));
  const time = Math.exp(Math.log(below[key]) + part * (Math.log(enough[key]) - Math.log(below[key])));
  return { time, recall, isBound: false };
}
