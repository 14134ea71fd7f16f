// One writer at a time, whichever runtimes want to write; a killed one's place is free at once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { environment } from "../../scripts/workspace.mjs";
import { project } from "./project.mjs";

const app = project("owners");
const medium = mkdtempSync(join(tmpdir(), "sanderling-owners-"));
const children = [];
after(() => {
  children.forEach(kill);
  rmSync(medium, { recursive: true, force: true });
});

const DENO = ["run", "-A", "--no-remote", "--cached-only", "--node-modules-dir=manual"];
const COMMANDS = { node: ["node"], deno: ["deno", ...DENO] };

// The whole group: the command `deno` of the npm package is a script that starts the real one.
function kill(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error; // it ended by itself
  }
}

// Starts an owner and answers its process and the line that it prints.
async function start(runtime, path, id) {
  const [command, ...args] = COMMANDS[runtime];
  const env = environment({ DENO_DIR: join(app, ".deno"), DENO_NO_UPDATE_CHECK: "1" });
  const stdio = ["ignore", "pipe", "inherit"];
  const child = spawn(command, [...args, "hold.js", path, id], { cwd: app, env, stdio, detached: true });
  children.push(child);
  const [line] = await once(createInterface(child.stdout), "line");
  return { child, line };
}

for (const [first, second] of [["node", "node"], ["node", "deno"], ["deno", "node"], ["deno", "deno"]]) {
  test(`while ${first} has the folder ${second} is refused, and takes it over once that is killed`, async () => {
    const path = join(medium, `${first}-${second}`);
    const owner = await start(first, path, "first");
    assert.equal(owner.line, "HELD 1");
    assert.equal((await start(second, path, "second")).line, "REFUSED unavailable");
    kill(owner.child);
    await once(owner.child, "close"); // when the last of the group has let go of its output
    const heir = await start(second, path, "second");
    assert.equal(heir.line, "HELD 2", "what the killed one had put is there");
  });
}
