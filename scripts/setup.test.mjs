import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isAtLeast, lockedVersion, outdatedPackages, tomlText } from "./setup.mjs";
import { statistics } from "./parts/fuzz.mjs";
import { passedTests } from "./parts/wasm.mjs";
import { checkSizes, LIMITS } from "./sizes.mjs";
import { at } from "./workspace.mjs";

test("versions compare as numbers, not as text", () => {
  assert.equal(isAtLeast("20.19.0", [20, 19]), true);
  assert.equal(isAtLeast("22.1.0", [20, 19]), true);
  assert.equal(isAtLeast("20.9.0", [20, 19]), false);
  assert.equal(isAtLeast("9.99.0", [20, 19]), false);
});

test("a locked version is that of the very package", () => {
  const lock = 'name = "wasm-bindgen-macro"\nversion = "1.0.0"\n\nname = "wasm-bindgen"\nversion = "0.2.130"\n';
  assert.equal(lockedVersion(lock, "wasm-bindgen"), "0.2.130");
  assert.equal(lockedVersion(lock, "absent"), undefined);
  assert.equal(tomlText('a = "1"\nrust-version = "1.89"\n', "rust-version"), "1.89");
});

test("node_modules is outdated when a package is absent or differs, but not for another machine's packages", () => {
  const entry = (more) => ({ version: "1.0.0", integrity: "x", ...more });
  const lock = {
    packages: {
      "": {},
      "node_modules/same": entry(),
      "node_modules/changed": entry(),
      "node_modules/absent": entry(),
      "node_modules/elsewhere": entry({ optional: true, os: ["nowhere"], cpu: [process.arch] }),
      "node_modules/mine": entry({ optional: true, os: [process.platform], cpu: [process.arch] }),
    },
  };
  const installed = { packages: { "node_modules/same": entry(), "node_modules/changed": entry({ version: "0.9.0" }) } };
  const expected = ["node_modules/changed", "node_modules/absent", "node_modules/mine"];
  assert.deepEqual(outdatedPackages(lock, installed), expected);
});

test("only tests that ran count", () => {
  assert.equal(passedTests("test result: ok. 3 passed; 0 failed\ntest result: ok. 4 passed; 0 failed"), 7);
  assert.equal(passedTests("no tests to run!"), 0);
});

test("the figures of a fuzzer are read from its end", () => {
  const output = "#5 DONE\nstat::number_of_executed_units: 24913\nstat::average_exec_per_sec:     1186\nstat::peak_rss_mb:              36\n";
  assert.deepEqual(statistics(output), { runs: 24913, perSecond: 1186, megabytes: 36 });
});

test("a wasm file that is missing or above its budget fails the size check", () => {
  const within = Object.fromEntries(Object.entries(LIMITS).map(([name, brotli]) => [name, { brotli }]));
  checkSizes(within);
  const [name] = Object.keys(LIMITS);
  assert.throws(() => checkSizes({ ...within, [name]: { brotli: LIMITS[name] + 1 } }), /the budget is/);
  assert.throws(() => checkSizes({ ...within, [name]: undefined }), /not in pkg/);
});

test("package-lock.json names the packages of every machine and no address", () => {
  const text = readFileSync(at("package-lock.json"), "utf8");
  const { packages } = JSON.parse(text);
  const names = new Set(Object.keys(packages).map((path) => path.split("node_modules/").at(-1)));
  const optional = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  // npm drops what the registry did not have on the day, and npm ci then refuses the whole file.
  assert.deepEqual(optional.filter((name) => !names.has(name)), []);
  assert.doesNotMatch(text, /"resolved": "http/);
});
