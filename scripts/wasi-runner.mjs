// Cargo's runner for wasm32-wasip1: `node scripts/wasi-runner.mjs program.wasm [arguments]`. The tests get the
// clone as their current folder and nothing else of this machine.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";
import { ROOT } from "./workspace.mjs";

const [program, ...rest] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [program, ...rest], env: {}, preopens: { "/": ROOT }, returnOnExit: true });
const { instance } = await WebAssembly.instantiate(readFileSync(program), wasi.getImportObject());
process.exit(wasi.start(instance));
