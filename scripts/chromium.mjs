// Finds a Chromium that really runs; on Debian as root it can install one.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { ask, environment, run } from "./workspace.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MACOS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** What to do when there is none: one line. */
export const CHROMIUM_MISSING =
  "no Chromium: install one (Debian: apt-get install chromium) or set CHROME_PATH to an installed Chrome or Chromium";

/** Arguments for headless runs. Root has no user namespace to build the sandbox from, so it goes without. */
export const CHROMIUM_ARGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

// Ubuntu's apt package is a stub that asks for snap: it exists, but it prints no version.
const prints = (path) => /\d+\.\d+\.\d+/.test(ask(path, ["--version"]) ?? "");

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

function candidates() {
  if (process.env.CHROME_PATH) return [process.env.CHROME_PATH];
  const folders = environment().PATH.split(delimiter);
  const installed = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...installed, ...MACOS].filter(isExecutable);
}

/** The path of a working Chromium, or undefined. */
export const findChromium = () => candidates().find(prints);

/** Finds a Chromium or, where apt-get and root allow it, installs one; undefined when neither works. */
export async function provideChromium(say) {
  const found = findChromium();
  if (found || process.env.CHROME_PATH) return found;
  if (process.getuid?.() !== 0 || ask("apt-get", ["--version"]) === undefined) return undefined;
  say("installing Chromium with apt-get");
  const quiet = { env: { DEBIAN_FRONTEND: "noninteractive" } };
  try {
    await run("apt-get", ["update", "-qq"], quiet);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], quiet);
  } catch (error) {
    say(`apt-get did not succeed: ${error.message}`);
  }
  return findChromium();
}
