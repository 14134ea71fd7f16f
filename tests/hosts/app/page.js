// Chromium: the answer becomes the title of the page.
import * as sanderling from "sanderling";
import { copied, scenario } from "./scenario.js";

async function answer() {
  const memory = await scenario(sanderling, { storage: "memory" });
  const opfs = await scenario(sanderling, { storage: "opfs" }, { reopen: true });
  const indexeddb = await scenario(sanderling, { storage: "indexeddb" }, { reopen: true });
  const copy = await copied(sanderling, { storage: "memory" }, { storage: "opfs" });
  return { memory, opfs, indexeddb, copy };
}

const say = (value) => (document.title = JSON.stringify(value));
answer().then(say, (error) => say({ failed: `${error?.code}: ${error?.stack ?? error}` }));
