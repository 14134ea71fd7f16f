// Chromium: the answer becomes the title of the page.
import * as sanderling from "sanderling";
import { scenario } from "./scenario.js";

async function answer() {
  const memory = await scenario(sanderling, { storage: "memory" });
  const opfs = await scenario(sanderling, { storage: "opfs" }, { reopen: true });
  return { memory, opfs };
}

const say = (value) => (document.title = JSON.stringify(value));
answer().then(say, (error) => say({ failed: `${error?.code}: ${error?.stack ?? error}` }));
