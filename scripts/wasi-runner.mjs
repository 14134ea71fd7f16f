// Cargo's runner for wasm32-wasip1: `node scripts/wasi-runner.mjs program.wasm [arguments]`. The tests get the
// clone as their current folder and nothing else of this machine.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";
import { ROOT } from "./workspace.mjs";

const [program, ...rest] = process.argv.slice(2);
const options = { args: [program, ...rest], env: {}, preopens: { "/": ROOT }, returnOnExit: false };
const wasi = new WASI({ version: "preview1", ...options });
// Functions of Node itself, called from wasm without one of JavaScript between, make Node 20 crash at the end of long programs.
const wrapped = (imports) => Object.fromEntries(Object.entries(imports).map(([name, f]) => [name, (...args) => f(...args)]));
const modules = Object.entries(wasi.getImportObject()).map(([name, imports]) => [name, wrapped(imports)]);
const { instance } = await WebAssembly.instantiate(readFileSync(program), Object.fromEntries(modules));
process.exit(wasi.start(instance));
