// Cargo's runner for wasm32-unknown-unknown tests: serves them with wasm-bindgen-test-runner and opens them in
// Chromium through playwright-core, so that no chromedriver is needed. CHROME_PATH names the Chromium.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGS } from "./chromium.mjs";
import { environment } from "./workspace.mjs";

const TESTS_TIMEOUT_MS = 300_000;
const SERVER_POLL_MS = 50;

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Waits until the server answers; false when the runner has ended first (it does where there is no test). */
async function isServing(url, child) {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return true;
    await sleep(SERVER_POLL_MS);
  }
  return false;
}

/** The text that the tests left on the page, whether or not they came to an end. */
async function textOfTests(url) {
  const browser = await chromium.launch({ executablePath: process.env.CHROME_PATH, args: CHROMIUM_ARGS });
  try {
    const page = await browser.newPage();
    page.on("console", (message) => console.log(`console.${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => console.log(`error on the page: ${error.message}`));
    await page.goto(url);
    const isDone = () => /test result: /.test(document.getElementById("output").textContent);
    await page.waitForFunction(isDone, undefined, { timeout: TESTS_TIMEOUT_MS }).catch((error) => console.log(error.message));
    return await page.textContent("#output");
  } finally {
    await browser.close();
  }
}

const address = `127.0.0.1:${await freePort()}`;
const child = spawn("wasm-bindgen-test-runner", process.argv.slice(2), {
  env: environment({ NO_HEADLESS: "1", WASM_BINDGEN_TEST_ADDRESS: address }),
  stdio: "inherit",
});

if (await isServing(`http://${address}/`, child)) {
  try {
    const text = await textOfTests(`http://${address}/`);
    console.log(text);
    process.exitCode = text.includes("test result: ok") ? 0 : 1;
  } finally {
    child.kill();
  }
} else {
  process.exitCode = child.exitCode;
}
