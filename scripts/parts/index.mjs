// The parts of `npm test`, in their order: quick and telling first, the built package after its build.
import { DEEP_TAB_PARTS, MORE_TAB_PARTS, TAB_PARTS } from "./browser.mjs";
import { DEEP_FUZZ_PARTS, FUZZ_PARTS } from "./fuzz.mjs";
import { RUST_PARTS } from "./rust.mjs";
import { PACKAGE_PARTS } from "./package.mjs";
import { DEEP_SIMULATION_PARTS, SIMULATION_PARTS } from "./simulation.mjs";
import { WASM_PARTS } from "./wasm.mjs";

/** Each part has a name and `run({ log, note, chromium })`, which rejects when the part fails. */
export const PARTS = [...RUST_PARTS, ...SIMULATION_PARTS, ...FUZZ_PARTS, ...WASM_PARTS, ...PACKAGE_PARTS, ...TAB_PARTS];

/** The parts of `npm run test:deep`, which take minutes each. */
export const DEEP_PARTS = [...DEEP_SIMULATION_PARTS, ...DEEP_FUZZ_PARTS, ...DEEP_TAB_PARTS];

/** The parts of `npm run test:browser`: of the package as it was built last. */
export const BROWSER_PARTS = MORE_TAB_PARTS;
