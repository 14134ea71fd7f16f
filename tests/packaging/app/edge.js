// workerd: the answer is the response. It compiles no bytes, so languages are imported.
import * as sanderling from "sanderling";
import german from "sanderling/languages/german.wasm";
import { scenario } from "./scenario.js";

export default {
  fetch: async () => Response.json(await scenario(sanderling, { storage: "memory", languages: { german } })),
};
