// Cargo's runner for wasm32-wasip1: `node scripts/wasi-runner.mjs program.wasm [arguments]`. The tests get the
// clone as their current folder and nothing else of this machine.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";
import { ROOT } from "./workspace.mjs";

const [program, ...rest] = process.argv.slice(2);
// A program that exits ends the process itself: Node 20 crashes now and then when it returns through `start` instead.
const options = { args: [program, ...rest], env: {}, preopens: { "/": ROOT }, returnOnExit: false };
const wasi = new WASI({ version: "preview1", ...options });
const { instance } = await WebAssembly.instantiate(readFileSync(program), wasi.getImportObject());
process.exit(wasi.start(instance));
