// What the driver heard of the writes of all tabs, and whether what is stored agrees with it.
import assert from "node:assert/strict";

/** What may become of a write whose tab, engine or leader ended: anything else that is told of one is a failure of the test. */
const EXPECTED = new Set(["unavailable", "internal", "closed"]);

export class Audit {
  /** Operation by version: a version that two writes got would be two writers. */
  #byVersion = new Map();
  #acknowledged = new Map();
  #refused = new Map();
  /** When the last acknowledgement came, by tab. */
  last = new Map();

  hear = (name, { operation, id, version, error }) => {
    if (error !== undefined) {
      assert.ok(EXPECTED.has(error.code), `${operation}: ${JSON.stringify(error)}`);
      this.#refused.set(operation, error);
      return;
    }
    const other = this.#byVersion.get(version);
    assert.equal(other, undefined, `${operation} and ${other} have the version ${version}: two engines wrote at a time`);
    this.#byVersion.set(version, operation);
    this.#acknowledged.set(operation, { id, version });
    this.last.set(name, performance.now());
  };

  get acknowledged() {
    return this.#acknowledged.size;
  }

  get refused() {
    return [...this.#refused.values()];
  }

  /** Compares with everything that is stored. */
  check(everything) {
    const stored = new Map();
    const versions = new Set();
    for (const [id, version, operation] of everything) {
      assert.ok(!stored.has(operation), `${operation} was done twice`);
      assert.ok(!versions.has(version), `the version ${version} is there twice`);
      stored.set(operation, { id, version });
      versions.add(version);
    }
    for (const [operation, acknowledged] of this.#acknowledged) assert.deepEqual(stored.get(operation), acknowledged, operation);
    for (const [operation, { details }] of this.#refused) {
      if (details.fenced) assert.ok(!stored.has(operation), `${operation} was done by a tab that had lost the database`);
    }
  }
}

/** The value below which so much of all values are. */
export const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
/**
 * Holds times to a limit: the slowest hundredth of a hundred or more, else the median, since a machine that is busy with other things is
 * always slow once.
 */
export function within(values, limit, what) {
  const share = values.length < 100 ? 0.5 : 0.99;
  assert.ok(quantile(values, share) <= limit, `${what}: ${milliseconds(values)}`);
}

export const milliseconds = (values) =>
  `p50 ${Math.round(quantile(values, 0.5))} ms, p99 ${Math.round(quantile(values, 0.99))} ms, max ${Math.round(Math.max(...values))} ms`;
