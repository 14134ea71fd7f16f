// workerd: the answer is the response. It compiles no bytes, so the languages are imported.
import * as sanderling from "sanderling";
import german from "sanderling/languages/german.wasm";
import russian from "sanderling/languages/russian.wasm";
import turkish from "sanderling/languages/turkish.wasm";
import { scenario } from "./scenario.js";

export default {
  fetch: async () => Response.json({ memory: await scenario(sanderling, { storage: "memory", languages: { german, russian, turkish } }) }),
};
