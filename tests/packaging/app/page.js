// Browsers: the answer becomes the title of the page.
import * as sanderling from "sanderling";
import { scenario } from "./scenario.js";

async function answer() {
  const memory = await scenario(sanderling, { storage: "memory" });
  const opfs = await scenario(sanderling, { storage: "opfs" }, { reopen: true });
  const inPage = await scenario(sanderling, { storage: "memory", worker: false });
  return { memory, opfs, inPage };
}

const say = (value) => (document.title = JSON.stringify(value));
answer().then(say, (error) => say({ failed: `${error?.code}: ${error?.stack ?? error}` }));
